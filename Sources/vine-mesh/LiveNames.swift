import ArgumentParser
import VineBase
import VineControl

/// Completion with what the daemon knows right now: the shell runs `vine-mesh ---completion …` at each TAB. Where no daemon answers
/// at once there is nothing to choose from, and no error in the middle of somebody's line.
enum LiveNames {
  /// Somebody waits at a prompt.
  private static let patience = Duration.milliseconds(500)

  static let sites = live { try await $0.view(PeersView.self).peers.map(\.site) }
  static let vines = live { try await $0.view(VinesView.self).vines.map(\.name) }
  static let ownVines = live { try await $0.view(VinesView.self).vines.filter(\.takesPart).map(\.name) }
  static let hosts = live { try await $0.view(LNDTView.self).hosts.map(\.address) }
  static let ownBlocks = live { try await $0.view(StatusView.self).ownBlocks.map(\.block) }
  /// Needs no daemon.
  static let meshes = CompletionKind.custom { _, _, prefix in MeshName.all().filter { $0.hasPrefix(prefix) } }

  private static func live(_ ask: @escaping @Sendable (ControlClient) async throws -> [String]) -> CompletionKind {
    .custom { words, _, prefix in
      guard let client = try? daemon(of: words).client(timeout: patience), let names = try? await ask(client) else {
        return []
      }
      return names.filter { $0.hasPrefix(prefix) }.sorted()
    }
  }

  /// The daemon that the line so far is about.
  private static func daemon(of words: [String]) throws -> SocketOptions {
    var options: [String] = []
    for (index, word) in words.enumerated() where word.hasPrefix("--mesh") || word.hasPrefix("--socket") {
      if word.contains("=") {
        options.append(word)
      } else if words.indices.contains(index + 1), !words[index + 1].isEmpty {
        options += [word, words[index + 1]]
      }
    }
    return try SocketOptions.parse(options)
  }
}
