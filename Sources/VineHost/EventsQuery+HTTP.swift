import VineControl
import VineRouter

extension EventsQuery {
  /// The query of a request.
  /// - Throws: `RequestFailure`.
  init(_ request: APIRequest) throws {
    do throws(QueryError) {
      try self.init(request.queryItems)
    } catch {
      throw RequestFailure(
        "`\(error.name)=\(error.value)` asks for no events",
        mend: "see docs/reference/events.md, or `vine-mesh events --help`", .usage)
    }
  }
}
