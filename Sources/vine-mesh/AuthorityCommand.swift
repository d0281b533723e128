import ArgumentParser
import Foundation
import VineControl

struct AuthorityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ca", abstract: "The key that signs the mesh's certificates: where it is, and under which passphrase.",
    discussion: """
      The VR that founded the mesh holds the key. VRs that hold it let sites in and renew certificates by themselves, each \
      after two thirds of its life. More than one VR may hold it, and none needs to: kept offline, it has to be back before \
      certificates run out. `vine-mesh status certs` tells who holds it.
      """,
    subcommands: [Protect.self, Unlock.self, Lock.self, Export.self, Import.self, Remove.self])

  struct Protect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Puts the key under a passphrase; after a restart it needs `vine-mesh ca unlock`.",
      examples: "vine-mesh ca protect", "vine-mesh ca protect --passphrase-file passphrase")

    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let body = AuthorityBody(passphrase: try passphrase.chosen())
      let answer: AuthorityAnswer = try await daemon.client().post("ca/protect", body)
      try Output.answer(answer, output, "the authority's key is under a passphrase, and in use until the next start")
    }
  }

  struct Unlock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets the daemon use a key that is under a passphrase.", examples: "vine-mesh ca unlock")

    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let body = AuthorityBody(passphrase: try passphrase.known())
      let answer: AuthorityAnswer = try await daemon.client().post("ca/unlock", body)
      try Output.answer(answer, output, "the authority's key is in use")
    }
  }

  struct Lock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets the daemon forget a key that is under a passphrase.", examples: "vine-mesh ca lock")

    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let answer: AuthorityAnswer = try await daemon.client().post("ca/lock", AuthorityBody())
      try Output.answer(answer, output, "the daemon has forgotten the authority's key")
    }
  }

  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Writes the key to a file, under a passphrase: a backup, or to be carried to another VR.",
      examples: "vine-mesh ca export authority.backup")

    @Argument(help: "The file; it must not exist yet.", completion: .file())
    var file: String
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      guard !FileManager.default.fileExists(atPath: file) else {
        throw ControlError("\(file) exists", mend: "name another file", .usage)
      }
      let body = AuthorityBody(passphrase: try passphrase.chosen())
      var answer: AuthorityAnswer = try await daemon.client().post("ca/export", body)
      guard
        FileManager.default.createFile(
          atPath: file, contents: Data(((answer.key ?? "") + "\n").utf8), attributes: [.posixPermissions: 0o600])
      else { throw ControlError("cannot write \(file)", mend: "check the folder", .permission) }
      answer.key = nil
      try Output.answer(answer, output, "the authority's key is in \(file), under the passphrase")
    }
  }

  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes over a key that `vine-mesh ca export` wrote at another VR of the mesh.",
      examples: "vine-mesh ca import authority.backup")

    @Argument(help: "The file that `export` wrote.", completion: .file())
    var file: String
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
        throw ControlError("cannot read \(file)", mend: "check the path and its permissions", .usage)
      }
      let body = AuthorityBody(passphrase: try passphrase.known(), key: text)
      let answer: AuthorityAnswer = try await daemon.client().post("ca/import", body)
      try Output.answer(answer, output, "this VR holds the authority's key, under the passphrase")
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes the key off this machine.", examples: "vine-mesh ca remove --dry-run")

    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var destruction: DestructiveOptions

    func run() async throws {
      let what = "take the authority's key off this machine; without a copy nobody joins and all certificates run out"
      guard try destruction.confirm(what, output) else { return }
      let answer: AuthorityAnswer = try await daemon.client().post("ca/remove", AuthorityBody())
      try Output.answer(answer, output, "the authority's key is off this machine")
    }
  }
}

/// Where a passphrase comes from: a file, or the terminal without an echo.
struct PassphraseOptions: ParsableArguments {
  @Option(help: "Reads the passphrase from the first line of this file instead of asking.", completion: .file())
  var passphraseFile: String?

  /// A passphrase that exists.
  func known() throws -> String { try passphraseFile.map(Self.read) ?? Self.ask("Passphrase: ") }

  /// A new one, asked for twice.
  func chosen() throws -> String {
    if let passphraseFile { return try Self.read(passphraseFile) }
    let first = try Self.ask("Passphrase: ")
    guard try Self.ask("Again: ") == first else {
      throw ControlError("the two passphrases differ", mend: "try again", .usage)
    }
    return first
  }

  private static func read(_ file: String) throws -> String {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw ControlError("cannot read \(file)", mend: "check the path and its permissions", .usage)
    }
    return String(text.prefix { !$0.isNewline })
  }

  private static func ask(_ prompt: String) throws -> String {
    guard Output.canAsk else {
      throw ControlError("nobody can be asked for the passphrase", mend: "give --passphrase-file", .usage)
    }
    defer { Output.ask("\n") }
    return Interruption.readSilently(prompt)
  }
}
