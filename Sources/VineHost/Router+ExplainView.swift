import VineBase
import VineControl
import VineDataPlane
import VineRouter
import VineRouting

/// An explanation in words, with what the data plane knows of the way.
extension Router {
  func explainView(_ explanation: Explanation, _ context: ViewContext) -> ExplainView {
    var view = ExplainView(
      source: explanation.source.description, destination: explanation.destination.description, verdict: .delivered,
      vine: explanation.network.map(vineName), steps: explanation.steps.map(explainStep))
    if case .drop(let reason) = explanation.decision {
      drop(&view, reason.name, hint(for: reason, explanation))
      return view
    }
    if let peer = explanation.peer {
      let way = wayStep(to: peer, context)
      view.steps.append(way)
      guard way.passes else {
        drop(&view, DropReason.noPath.name, nil)
        return view
      }
    }
    remote(&view, explanation)
    return view
  }

  private func explainStep(_ step: TraceStep) -> ExplainStep {
    let site = identity.site
    switch step {
    case .space(let destination, let isVirtual):
      let space = (directory.view.space ?? .standardSpace).description
      return ExplainStep(
        site: site, rule: "space", text: "\(destination) is \(isVirtual ? "in" : "not in") the virtual space \(space)",
        passes: isVirtual)
    case .gateway(let address):
      return ExplainStep(
        site: site, rule: "gateway", text: "\(address) is the VR's own virtual address", passes: false)
    case .lndt(let host, let networks):
      let names = networks.map(vineName).joined(separator: ", ")
      return ExplainStep(
        site: site, rule: "LNDT", text: names.isEmpty ? "\(host) is in no ViNe" : "\(host) is in \(names)",
        passes: !networks.isEmpty)
    case .gndt(let network, let destination, let node):
      let version = directory.tables[network]?.version.description
      let text =
        node.map {
          $0 == self.node ? "\(destination) is at this site" : "\(destination) is at \(directory.name(of: $0))"
        }
        ?? "\(destination) is not in \(vineName(network))"
      return ExplainStep(
        site: site, rule: "GNDT", text: node == nil ? text : "\(text), in \(vineName(network))", passes: node != nil,
        version: version)
    case .standsIn(let second, let first):
      return ExplainStep(
        site: site, rule: "second VR", text: "\(directory.name(of: second)) stands in for \(directory.name(of: first))",
        passes: true)
    case .refusedVine(let network):
      return ExplainStep(site: site, rule: "policy", text: "this site refuses ViNe \(vineName(network))", passes: false)
    case .refusedSite(let node):
      return ExplainStep(
        site: site, rule: "policy", text: "this site refuses \(directory.name(of: node))", passes: false)
    case .source(let source, let owner, let sender):
      let holder = owner.map(directory.name(of:)) ?? "nobody"
      return ExplainStep(
        site: site, rule: "source", text: "\(source) is \(holder)'s, sent by \(directory.name(of: sender))",
        passes: owner == sender)
    }
  }

  /// Tunnel or queue-VR, and how long packets may be.
  private func wayStep(to peer: NodeID, _ context: ViewContext) -> ExplainStep {
    let name = directory.name(of: peer)
    let plane = context.dataPlane.peers.first { $0.node == peer }
    let way: String? =
      switch plane?.carrier {
      case .datagram(let endpoint)?: "by UDP to \(name) at \(endpoint)"
      case .channel?: "by the TCP channel with \(name)"
      case .relayed(let queue, _)?: "through the queue-VR \(directory.name(of: queue)) to \(name)"
      case nil: nil
      }
    guard let way else {
      return ExplainStep(site: identity.site, rule: "path", text: "there is no way to \(name)", passes: false)
    }
    let suite = plane?.suite.map { ", \($0)" } ?? ", no session yet"
    let size = plane?.innerMTU.map { ", up to \($0) bytes in one piece, MSS \($0 - 40)" } ?? ""
    return ExplainStep(site: identity.site, rule: "path", text: way + suite + size, passes: true)
  }

  private func remote(_ view: inout ExplainView, _ explanation: Explanation) {
    guard let peer = explanation.peer, let remote = explanation.remote else { return }
    let site = directory.name(of: peer)
    switch remote {
    case .delivered(let version):
      view.steps.append(
        ExplainStep(
          site: site, rule: "LNDT", text: "\(explanation.destination) gets it", passes: true,
          version: version?.description))
    case .dropped(let name, let version):
      drop(&view, name, nil)
      view.steps.append(
        ExplainStep(
          site: site, rule: "LNDT", text: view.explanation ?? name, passes: false, version: version?.description))
    case .unanswered(let why):
      view.verdict = .unknown
      view.explanation = why
      view.mend = "try again, then `vine-mesh status peers`"
    }
  }

  private func drop(_ view: inout ExplainView, _ name: String, _ hint: String?) {
    let known = DropReason.allCases.first { $0.name == name }
    view.verdict = .dropped
    view.reason = name
    view.explanation = known?.explanation
    view.mend = hint ?? known?.mend
  }

  /// Who asks at the wrong site is told the right one.
  private func hint(for reason: DropReason, _ explanation: Explanation) -> String? {
    guard reason == .sourceNotInLNDT else { return nil }
    let owner = directory.view.blocks.first { $0.0.contains(explanation.source) }?.1
    guard let owner, owner != node else { return nil }
    return "run it at \(directory.name(of: owner)), whose block \(explanation.source) is in"
  }
}
