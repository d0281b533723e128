import ArgumentParser
import Foundation
import VineBase
import VineControl
import VineHost

struct Init: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Founds a mesh: this machine becomes its first VR and keeps its authority.",
    examples: "vine-mesh init --mesh demo --site uf --endpoint 198.18.0.1 --lan eth1")

  @Option(help: "Name of the mesh: 1 to 63 of a-z, 0-9 and -, a letter first.")
  var mesh: String

  @Option(help: "Name of this site.")
  var site: String

  @Option(help: "Hosts that the site's block has to hold.")
  var hosts = HostCount(253)

  @Option(help: "Interface of the site's network; found by its routes if it is left out.")
  var lan: String?

  @Option(
    name: .customLong("endpoint"), parsing: .singleValue,
    help: "A public address of this VR, ADDRESS or ADDRESS:PORT [port \(Endpoint.defaultPort)]; may be repeated.")
  var endpoints: [Endpoint] = []

  @OptionGroup var places: PlaceOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let paths = places.overrides.paths(mesh: try MeshName.checked(mesh))
    let request = InitRequest(mesh: mesh, site: site, hosts: hosts.count, lan: lan, endpoints: endpoints, paths: paths)
    let result = try await MeshSetup.initialise(request)
    let told = "mesh \(mesh) (\(result.meshID)) is founded; site \(result.site) has block \(result.block)"
    try Output.answer(result, output, "\(told)\nnext: \(result.nextCommand)")
  }
}

struct Join: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Joins a mesh with a token that `vine-mesh invite` printed.",
    discussion: """
      The token is a secret. Give `-` to read it from standard input, or --token-file: an argument can be \
      seen by every user of this machine while the command runs.
      """, examples: "vine-mesh join --lan eth1 - < token", "vine-mesh join --token-file token")

  @Argument(help: "The token, or `-` for standard input.")
  var token: String?

  @Option(help: "A file that holds the token.")
  var tokenFile: String?

  @Option(help: "Interface of the site's network; found by its routes if it is left out.")
  var lan: String?

  @Option(help: "Gives up after this time, as in 10s or 2m.")
  var timeout = Span(.seconds(20))

  @OptionGroup var places: PlaceOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let request = JoinRequest(
      token: try readToken(), lan: lan, paths: places.overrides, timeout: timeout.duration)
    let result = try await Output.withProgress(seconds: 5, then: "no answer yet: trying on") {
      try await MeshSetup.join(request)
    }
    let told = "site \(result.site) is in mesh \(result.meshName) (\(result.meshID)) with block \(result.block)"
    try Output.answer(result, output, "\(told)\nnext: \(result.nextCommand)")
  }

  private func readToken() throws -> String {
    let text: String
    switch (token, tokenFile) {
    case ("-", nil) where Output.canAsk:
      Output.ask("Token: ")
      text = readLine() ?? ""
    case ("-", nil): text = String(decoding: Self.limited(FileHandle.standardInput), as: UTF8.self)
    case (let token?, nil): text = token
    case (nil, let file?):
      guard let handle = FileHandle(forReadingAtPath: file) else {
        throw ControlError("\(file) cannot be read", mend: "check --token-file", .usage)
      }
      text = String(decoding: Self.limited(handle), as: UTF8.self)
    default:
      throw ControlError("one token is needed", mend: "give it as `-` on standard input or with --token-file", .usage)
    }
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !trimmed.isEmpty else {
      throw ControlError("the token is empty", mend: "give the whole line that `vine-mesh invite` printed", .usage)
    }
    return trimmed
  }

  /// Tokens have some hundred characters; what is longer is none and need not be read to its end.
  private static func limited(_ handle: FileHandle) -> Data {
    var data = Data()
    while data.count < 65_536, let part = try? handle.read(upToCount: 4096), !part.isEmpty { data += part }
    return data
  }
}

struct Invite: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints a token with which one new site can join, once.",
    discussion: "The token is a secret until it is used or expires: carry it as you would carry a password.",
    examples: "vine-mesh invite osaka --hosts 60 --expires 12h > token")

  @Argument(help: "Name of the new site: 1 to 63 of a-z, 0-9 and -, a letter first.")
  var site: String

  @Option(help: "Hosts that the new site's block has to hold.")
  var hosts = HostCount(253)

  @Option(help: "How long the token can be used, as in 12h or 7d.")
  var expires = Span(.seconds(7 * 86_400))

  @OptionGroup var daemon: DaemonOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let body = InviteBody(site: site, hosts: hosts.count, expiresSeconds: expires.duration.components.seconds)
    let answer: InvitationAnswer = try await daemon.client().post("invite", body)
    try Output.answer(answer, output, answer.token)
  }
}

extension Endpoint: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
