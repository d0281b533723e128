/// The files of the dashboard's page, by their path. They are beside this file, in `Page`, and in the program as bytes.
public enum DashboardPage {
  public struct File: Hashable, Sendable {
    public let contentType: String
    public let bytes: [UInt8]
  }

  public static let files: [String: File] = [
    "/": File(contentType: "text/html; charset=utf-8", bytes: PackageResources.index_html),
    "/style.css": File(contentType: "text/css; charset=utf-8", bytes: PackageResources.style_css),
    "/icon.svg": File(contentType: "image/svg+xml", bytes: PackageResources.icon_svg),
    "/main.js": script(PackageResources.main_js), "/model.js": script(PackageResources.model_js),
    "/layout.js": script(PackageResources.layout_js), "/map.js": script(PackageResources.map_js),
    "/detail.js": script(PackageResources.detail_js), "/panels.js": script(PackageResources.panels_js),
    "/elements.js": script(PackageResources.elements_js),
  ]

  private static func script(_ bytes: [UInt8]) -> File {
    File(contentType: "text/javascript; charset=utf-8", bytes: bytes)
  }
}
