import FlyingFox
import VineControl
import VineRouter

extension EventsQuery {
  /// The query of a request's URL.
  /// - Throws: `RequestFailure`.
  init(_ request: HTTPRequest) throws {
    do throws(QueryError) {
      try self.init(request.query.map { ($0.name, $0.value) })
    } catch {
      throw RequestFailure(
        "`\(error.name)=\(error.value)` asks for no events",
        mend: "see docs/reference/events.md, or `vine-mesh events --help`", .usage)
    }
  }
}
