import Testing
import VineControl

@Suite struct FoldTests {
  @Test func `a line that fits stays as it is`() {
    #expect(Fold.lines(["", "short", "exactly twenty chars"], width: 20) == ["", "short", "exactly twenty chars"])
  }

  @Test func `text goes on below its column`() {
    let folded = Fold.lines(["ok  mesh    all VRs that are up agree on every table"], width: 34)
    #expect(folded == ["ok  mesh    all VRs that are up", "            agree on every table"])
  }

  @Test func `where the last column leaves no room a line goes on with a small indent`() {
    let folded = Fold.lines(["one  two  three  four  five  six  seven"], width: 24)
    #expect(folded == ["one  two  three  four", "    five  six  seven"])
  }

  @Test func `commands to copy stay whole`() {
    let mend = "  mend: vine-mesh vine create physics --host 172.16.0.11"
    #expect(Fold.lines([mend], width: 20) == [mend])
  }

  @Test func `nothing is lost and nothing is wider than the terminal, with colours and without`() {
    for (name, view) in ScreenTests.screens {
      for width in [20, 40, 80, 100] {
        let folded = Fold.lines(view.lines(.plain), width: width)
        #expect(folded.allSatisfy { $0.count <= width || $0.first == " " }, "\(name) at \(width)")
        #expect(folded.joined().filter { $0 != " " } == view.lines(.plain).joined().filter { $0 != " " })
        let coloured = Fold.lines(view.lines(.colour), width: width)
        let changes = /\u{1B}\[[0-9]+m/
        #expect(
          coloured.joined().matches(of: changes).map(\.output)
            == view.lines(.colour).joined().matches(of: changes).map(\.output))
        #expect(coloured.map { $0.replacing(/\u{1B}\[[0-9]+m/, with: "") } == folded, "\(name) at \(width)")
      }
    }
  }
}
