import Foundation
import VineAddress
import VineBase
import VineControl
import VineRouter

@testable import VineHost

extension Door {
  /// A configuration file: it is refused with its line, or what it says can be used. `[choice u8][text]`: choice 1 takes
  /// names out of the text, which `init` and `join` then write into a file.
  static let configuration = Door(name: "Configuration") { bytes in
    var script = Script(bytes)
    let choice = script.byte()
    let text = String(decoding: script.rest(), as: UTF8.self)
    if choice & 1 != 0 { return writtenNames(text) }
    do throws(HostError) {
      let read = try Configuration.parse(text, file: "file")
      return written(read) ?? seen(read)
    } catch {
      guard error.exitCode == ExitStatus.configuration.rawValue, error.message.hasPrefix("file") else {
        return "a wrong configuration is refused as something else"
      }
      return error.message.contains("\n") ? "an error has two lines" : nil
    }
  }

  private static func writtenNames(_ text: String) -> String? {
    let names = text.split(separator: "\u{0}", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    var configuration = Configuration()
    configuration.mesh = names.first
    configuration.site = names.count > 1 ? names[1] : nil
    return written(configuration)
  }

  private static func written(_ wanted: Configuration) -> String? {
    guard let read = try? Configuration.parse(wanted.yaml, file: "file") else { return "what is written is not read" }
    let isSame =
      read.mesh == wanted.mesh && read.site == wanted.site && read.lan == wanted.lan && read.port == wanted.port
      && read.endpoints == wanted.endpoints && read.bootstrap == wanted.bootstrap
    return isSame ? nil : "what is written is read as something else"
  }

  private static func seen(_ configuration: Configuration) -> String? {
    _ = Reload.Changes(from: Configuration(), to: configuration)
    _ = configuration.policy.sentence
    guard let space = try? SiteSpace(space: .standardSpace, mirrored: configuration.mirror) else { return nil }
    _ = SiteSpace.free(for: .standardSpace, used: configuration.leaveAlone, besides: configuration.leaveAlone)
    for block in space.blocks where space.site(space.mesh(block.base)) != block.base {
      return "an address of the site does not come back"
    }
    return space.routes.isEmpty ? "nothing is routed to the VR" : nil
  }

  /// Bytes of a connection to the local API: they come to the same however they are cut. `[size of the pieces u8][bytes]`
  static let apiBytes = Door(name: "APIBytes") { bytes in
    var script = Script(bytes)
    let size = script.choice(64) + 1
    let sent = script.rest()
    var (whole, cut) = (RequestReader(), RequestReader())
    let wanted = whole.take(sent)
    var progress = RequestReader.Progress.incomplete
    var rest = sent[...]
    while !rest.isEmpty, progress == .incomplete {
      progress = cut.take(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    guard !sent.isEmpty else { return nil }
    // A refusal for its length may come before the end of the headers that tell another one.
    switch (wanted, progress) {
    case (.refused, .refused): return nil
    case (.complete(let request), _) where request.body.count > LocalCommand.bodyByteCountMax: return "a long body"
    default: return wanted == progress ? nil : "pieces of \(size) bytes come to something else"
    }
  }

  /// A POST to the local API: a command, or a refusal with a mend. `[command u8][body]`
  static let apiRequest = Door(name: "APIRequest") { bytes in
    let names = [
      "invite", "vine/create", "vine/delete", "vine/join", "vine/leave", "vine/rename", "reload", "check", "host/add",
      "host/remove", "peer/revoke", "peer/reclaim", "relay/pin", "relay/unpin", "relay/probe", "explain",
      "block/request", "block/release", "no/command",
    ]
    var script = Script(bytes)
    let (name, mirror) = (names[script.choice(names.count)], IPv4Address(rawValue: 0x0A74_0000))
    let space = try? SiteSpace(space: .standardSpace, mirrored: script.byte() & 1 == 0 ? nil : .whole(mirror))
    guard let space else { return "no space" }
    let body = Data(script.rest())
    do {
      guard case .request(let request) = try LocalCommand(name, body: body, space) else { return nil }
      return APIMesh.complaint(request)
    } catch let failure as RequestFailure {
      return failure.message.isEmpty || failure.mend.isEmpty ? "a refusal says nothing" : nil
    } catch is DecodingError {
      return nil
    } catch {
      return "a request fails in another way: \(error)"
    }
  }
}
