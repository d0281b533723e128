import Testing
import VineBase
import VineControl

@testable import VineHost

private func parse(_ text: String) throws -> Configuration {
  do { return try Configuration.parse(text, file: "config.yaml") } catch { throw error }
}

@Suite struct ConfigurationTests {
  @Test func `an empty file is all defaults`() throws {
    #expect(try parse("") == Configuration())
    #expect(try parse("# only a comment\n") == Configuration())
  }

  @Test func `every key is read`() throws {
    let text = """
      lan: eth1
      port: 2248
      endpoints: [198.18.0.1, "198.18.0.2:99"]
      bootstrap: [198.18.0.9]
      queueNumber: 7
      leaveAlone: [172.17.0.0/16]
      mirror: 10.116.0.0
      dataPlane: {capture: tun, offloads: false}
      suites: [aes-256-gmac, chacha20-poly1305]
      policy: {acceptSites: [pu, nwu], refuseVines: [guests]}
      secondVR: uf2
      logLevel: debug
      """
    let configuration = try parse(text)
    #expect(configuration.site == nil)
    #expect(configuration.lan == "eth1" && configuration.port == 2248 && configuration.queueNumber == 7)
    #expect(configuration.endpoints.map(\.description) == ["198.18.0.1:2247", "198.18.0.2:99"])
    #expect(configuration.bootstrap.count == 1 && configuration.leaveAlone.count == 1)
    #expect(configuration.logLevel == "debug")
    #expect(configuration.succession.secondVR?.description == "uf2" && configuration.succession.standsInFor == nil)
    #expect(configuration.policy.sentence == "accepts only sites pu, nwu; refuses ViNes guests")
    #expect(configuration.mirror?.description == "10.116.0.0")
    #expect(try parse("mirror: {172.17.0.0/16: 10.117.0.0}").mirror?.description == "{172.17.0.0/16: 10.117.0.0}")
    #expect(configuration.dataPlane.capture == .tun && configuration.dataPlane.injection == .libnet)
    #expect(!configuration.dataPlane.offloads && configuration.suites == [.aes256gmac, .chacha20poly1305])
  }

  @Test func `what init writes is read back`() throws {
    var configuration = Configuration()
    configuration.lan = "lan0"
    configuration.endpoints = [Endpoint("198.18.0.1")].compactMap { $0 }
    #expect(try parse(configuration.yaml) == configuration)
  }

  @Test(arguments: ["a: b", "# a", "-", "", "\"\\", "null", "[", "a\nlan: b", "Jürgen\u{2028}", "2247"])
  func `names with marks of YAML are written so that they are read back`(name: String) throws {
    var configuration = Configuration()
    (configuration.mesh, configuration.site) = (name, "uf")
    #expect(try parse(configuration.yaml) == configuration)
  }

  @Test func `an unknown key is an error with file, line and column`() throws {
    let error = #expect(throws: HostError.self) { try parse("lan: eth1\nlann: eth2\n") }
    #expect(error?.line.hasPrefix("config.yaml:2:1: unknown key `lann`") == true)
    #expect(error?.exitCode == ExitStatus.configuration.rawValue)
  }

  @Test(
    arguments: [
      "port: 0", "port: 70000", "port: x", "endpoints: 1.2.3.4", "endpoints: [nowhere]", "lan: a/b", "lan: ''",
      "queueNumber: -1", "leaveAlone: [172.17.0.1/16]", "logLevel: loud", "suites: [rot13]", "suites: none",
      "mirror: 10.116", "mirror: true", "mirror: {}", "policy: [pu]", "policy: {acceptSites: []}",
      "policy: {refuseSites: [No Name]}", "policy: {deny: [pu]}", "mirror: {172.17.0.0: 10.117.0.0}",
      "mirror: {172.17.0.0/16: here}", "dataPlane: tun", "dataPlane: {capture: pcap}", "dataPlane: {offload: true}",
      "dataPlane: {offloads: 3}",
      "- a list", "lan: [", "lan: {a: b}",
    ])
  func `a bad value is one line that names the file`(text: String) {
    let error = #expect(throws: HostError.self) { try parse(text) }
    #expect(error?.line.hasPrefix("config.yaml:") == true && error?.line.contains("\n") == false)
    #expect(error?.exitCode == 78)
  }
}

@Suite struct SampleConfigurationTests {
  private func sample() throws -> [Substring] {
    try documentText("packaging/config.yaml").split(separator: "\n", omittingEmptySubsequences: false)
  }

  @Test func `the sample is read, and what stands in it are the defaults`() throws {
    #expect(try parse(sample().joined(separator: "\n")) == Configuration())
  }

  @Test func `the sample has every key, once as it is read, and explains it`() throws {
    // A key that is set by nothing but its absence stands behind a # without a blank.
    let keys = try sample().compactMap { $0.firstMatch(of: /^#?([a-zA-Z]+):/).map { String($0.1) } }
    #expect(Set(keys) == Set(Configuration.keys))
    let lines = try sample()
    for key in Configuration.keys {
      let place = try #require(lines.firstIndex { $0.hasPrefix("\(key):") || $0.hasPrefix("#\(key):") })
      let above = lines[..<place].last { !$0.contains(/^#[a-zA-Z]/) }
      #expect(above?.hasPrefix("# ") == true, "\(key) is not explained")
    }
  }

  @Test func `keys that stand behind a mark are read, too`() throws {
    let text = try sample().map { $0.contains(/^#([a-zA-Z]+:|  )/) ? $0.dropFirst() : $0 }
    let configuration = try parse(text.filter { !$0.hasPrefix("mirror: {") }.joined(separator: "\n"))
    #expect(configuration.mesh == "demo" && configuration.lan == "eth1" && configuration.mirror != nil)
    #expect(configuration.succession.standsInFor?.description == "uf")
    #expect(configuration.authorityPassphraseFile != nil && configuration.policy.sentence != nil)
  }

  @Test func `the manual has every key`() throws {
    let manual = try documentText("docs/man/vine-mesh.yaml.5").replacingOccurrences(of: "\\", with: "")
    for key in Configuration.keys { #expect(manual.contains(key), "\(key)") }
  }
}

@Suite struct BelongingTests {
  @Test func `a state folder of another site is refused, one of no stated site is not`() throws {
    var configuration = Configuration()
    try configuration.checkBelongs(site: "uf", mesh: "demo", state: "s")
    configuration.site = "nwu"
    #expect(throws: HostError.self) { try configuration.checkBelongs(site: "uf", mesh: "demo", state: "s") }
  }
}
