import Testing
import VineAddress
import VineBase

@testable import VineHost

@Suite struct SiteSpaceTests {
  private func seen(at base: String) throws -> SiteSpace {
    try SiteSpace(space: .standardSpace, mirrored: .whole(try #require(IPv4Address(base))))
  }

  @Test func `the paper's mirror is seen as three blocks, and addresses map both ways`() throws {
    let space = try seen(at: "10.116.0.0")
    #expect(space.blocks.map(\.description) == ["10.116.0.0/14", "10.120.0.0/13", "10.128.0.0/14"])
    let (site, mesh) = (try #require(IPv4Address("10.118.2.10")), try #require(IPv4Address("172.18.2.10")))
    #expect(space.mesh(site) == mesh && space.site(mesh) == site)
    #expect(space.mesh(mesh) == mesh, "the mesh's own form is understood, too")
    #expect(space.text(of: try #require(Block("172.18.2.0/24"))) == "10.118.2.0/24")
  }

  @Test func `without a mirror everything is as it is`() throws {
    let space = try SiteSpace(space: .standardSpace, mirrored: nil)
    let address = try #require(IPv4Address("172.18.2.10"))
    #expect(space.blocks == [.standardSpace] && space.site(address) == address && space.mesh(address) == address)
  }

  @Test(arguments: ["172.16.0.0", "172.20.0.0", "10.116.0.1", "255.250.0.0"])
  func `a mirror that overlaps the space, begins askew or does not fit is refused`(base: String) {
    #expect(throws: HostError.self) { try seen(at: base) }
  }

  // MARK: A part of the space

  private func partly(_ parts: [(String, String)]) throws -> SiteSpace {
    let parts = try parts.map {
      MirrorChoice.Part(block: try #require(Block($0)), base: try #require(IPv4Address($1)))
    }
    return try SiteSpace(space: .standardSpace, mirrored: .parts(parts))
  }

  @Test func `of a mirror of one part only that part is seen elsewhere`() throws {
    let space = try partly([("172.17.0.0/16", "10.117.0.0")])
    #expect(
      space.blocks.map(\.description) == [
        "172.16.0.0/16", "172.18.0.0/15", "172.20.0.0/14", "172.24.0.0/13", "10.117.0.0/16",
      ])
    #expect(space.routes.map(\.description) == ["172.16.0.0/12", "10.117.0.0/16"], "two for a host")
    let (moved, stays) = (try #require(IPv4Address("172.17.2.10")), try #require(IPv4Address("172.18.2.10")))
    #expect(space.site(moved) == IPv4Address("10.117.2.10") && space.site(stays) == stays)
    #expect(space.mesh(space.site(moved)) == moved && space.mesh(stays) == stays)
    #expect(space.mirror?.mesh(moved.rawValue) == nil, "what the site calls 172.17.2.10 is its own")
    #expect(!space.overlaps(try #require(Block("172.17.0.0/16"))))
  }

  @Test func `blocks and routes hold each address of the space once, however it is cut`() throws {
    let space = try partly([
      ("172.31.255.0/24", "10.1.2.0"), ("172.16.0.0/16", "10.5.0.0"), ("172.20.0.0/14", "10.8.0.0"),
    ])
    #expect(space.blocks.map(\.addressCount).reduce(0, +) == Block.standardSpace.addressCount)
    for (index, block) in space.blocks.enumerated() {
      #expect(!space.blocks[..<index].contains(where: block.overlaps))
    }
  }

  @Test(arguments: [
    [("172.32.0.0/16", "10.1.0.0")], [("172.17.0.0/16", "172.18.0.0")], [("172.17.0.0/16", "10.1.1.0")],
    [("172.17.0.0/16", "10.1.0.0"), ("172.18.0.0/16", "10.1.0.0")],
    [("172.16.0.0/15", "10.2.0.0"), ("172.17.0.0/16", "10.9.0.0")],
    [("172.17.0.0/16", "255.255.0.0"), ("0.0.0.0/0", "0.0.0.0")],
  ])
  func `parts outside the space, askew or over one another are refused`(parts: [(String, String)]) throws {
    #expect(throws: HostError.self) { try partly(parts) }
  }

  // MARK: What is proposed

  private func proposed(_ used: [String], besides routes: [String] = []) -> String? {
    let used = used.compactMap(Block.init)
    let routes = used + routes.compactMap(Block.init)
    return SiteSpace.free(for: .standardSpace, used: used, besides: routes).map(\.description)
  }

  @Test func `for Docker's bridge its /16 is proposed, at the paper's place or one that no route lies in`() throws {
    #expect(proposed(["172.17.0.0/16"]) == "{172.17.0.0/16: 10.117.0.0}")
    #expect(proposed(["172.17.0.0/16"], besides: ["10.117.3.0/24", "10.0.0.0/16"]) == "{172.17.0.0/16: 10.1.0.0}")
    #expect(proposed(["172.20.7.0/24", "172.20.9.0/24"]) == "{172.20.0.0/16: 10.120.0.0}")
    #expect(
      proposed(["172.17.0.0/16", "172.19.0.0/16"])
        == "{172.17.0.0/16: 10.117.0.0, 172.19.0.0/16: 10.119.0.0}")
    #expect(proposed(["172.17.0.0/16"], besides: ["10.0.0.0/8"]) == nil)
  }

  @Test func `a site that uses all of the space is proposed the paper's mirror`() throws {
    #expect(proposed(["172.16.0.0/12"]) == "10.116.0.0")
    #expect(proposed(["172.16.0.0/12"], besides: ["10.120.1.0/24", "10.0.0.0/16"]) == "10.16.0.0")
  }

  @Test(arguments: [["172.17.0.0/16"], ["172.20.7.0/24", "172.31.0.0/20"], ["172.16.0.0/13"], ["172.16.0.0/12"]])
  func `what is proposed is accepted and leaves the collision alone`(used: [String]) throws {
    let blocks = used.compactMap(Block.init)
    let choice = try #require(SiteSpace.free(for: .standardSpace, used: blocks, besides: blocks))
    let space = try SiteSpace(space: .standardSpace, mirrored: choice)
    #expect(!blocks.contains(where: space.overlaps))
  }
}
