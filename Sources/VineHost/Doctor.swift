import Dispatch
import Foundation
import VineAddress
import VineBase
import VineControl
import VineDataPlane
import VineRouter

/// Examines what a VR depends on. Nothing is changed; the hosts are asked over the site's network.
struct Doctor: Sendable {
  let configuration: Configuration
  let space: SiteSpace
  let lan: String
  let state: String
  let rules: NetfilterRules

  /// What the router knows that the checks need.
  struct Knowledge: Sendable {
    let blocks: [Block]
    /// Those of the VR that this one may stand in for.
    let coveredBlocks: [Block]
    let hosts: [HostQuestions.Host]
    /// Nobody else may have the gateway addresses now.
    let isAlone: Bool
    let mesh: [Finding]
  }

  func examine(_ loop: ControlLoop, _ context: ViewContext) async -> DoctorView {
    let (space, innerSpace) = (space, space.space)
    let known = await loop.look { router in
      let blocks = router.directory.view.blocks(of: router.node)
      let hosts = router.hosts.hosts.keys.compactMap { address -> HostQuestions.Host? in
        guard let block = blocks.first(where: { $0.contains(address) }) else { return nil }
        return HostQuestions.Host(space.site(address), gateway: space.site(block.gateway))
      }
      return Knowledge(
        blocks: blocks, coveredBlocks: router.firstVR.map(router.directory.view.blocks(of:)) ?? [], hosts: hosts,
        isAlone: !router.failOver.holdsAddresses && !router.isStoodInFor, mesh: router.findings(context))
    }
    let stranger = space.site(IPv4Address(rawValue: innerSpace.last.rawValue - 1))
    let site = await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: examineSite(known, stranger: stranger)) }
    }
    return DoctorView(findings: examineMachine(known, context) + known.mesh + site)
  }

  // MARK: The site's network

  private func examineSite(_ known: Knowledge, stranger: IPv4Address) -> [Finding] {
    let gateways = known.isAlone ? known.blocks.map { space.site($0.gateway) } : []
    let questions = known.hosts + gateways.map { HostQuestions.Host($0, gateway: $0) }
    guard !questions.isEmpty else { return [] }
    let identifier = UInt16.random(in: .min ... .max)
    guard let answers = HostProbe.ask(questions, on: lan, stranger: stranger, identifier: identifier) else {
      return [Finding("hosts", .notice, "hosts can't be asked: \(lan) is no Ethernet")]
    }
    let hosts = answers.prefix(known.hosts.count).map(Self.finding)
    let faulty = hosts.compactMap(\.self)
    var findings: [Finding] = []
    if faulty.count < hosts.count {
      let count = hosts.count - faulty.count
      findings.append(Finding("hosts", .ok, "\(count) of \(hosts.count) hosts of the LNDT have their alias and route"))
    }
    return findings + faulty + answers.dropFirst(known.hosts.count).compactMap(Self.rival)
  }

  /// - Returns: nil for a host that is as it should be.
  static func finding(_ answer: HostQuestions.Answer) -> Finding? {
    let address = answer.address.description
    let setup = "run on the host what `vine-mesh host setup \(address)` prints"
    guard let hardware = answer.hardware.first else {
      return Finding(
        "hosts", .warning, "nobody on the site's network has \(address)", evidence: "no answer to ARP",
        mend: "start the host, or run there what `vine-mesh host setup \(address)` prints")
    }
    guard answer.hardware.count == 1 else {
      return Finding(
        "hosts", .error, "\(address) was given to several hosts",
        evidence: answer.hardware.map(text).joined(separator: ", "), mend: "take the alias off all of them but one")
    }
    switch (answer.answersVirtual, answer.answersGateway) {
    case (true, _): return nil
    case (false, true):
      return Finding(
        "hosts", .warning, "\(address) has its alias and no route for the virtual space",
        evidence: "\(text(hardware)) answers the VR, and nobody behind it", mend: setup)
    case (false, false):
      return Finding(
        "hosts", .notice, "\(address) has its alias; whether it has a route is not known",
        evidence: "\(text(hardware)) answers ARP and no echo request")
    }
  }

  private static func rival(_ answer: HostQuestions.Answer) -> Finding? {
    guard !answer.hardware.isEmpty else { return nil }
    return Finding(
      "gateway", .error, "another machine has this VR's gateway address \(answer.address)",
      evidence: answer.hardware.map(text).joined(separator: ", "), mend: "take the address off that machine")
  }

  private static func text(_ hardware: [UInt8]) -> String {
    hardware.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(separator: ":")
  }
}
