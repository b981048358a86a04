/// Objects as the table that kubectl prints (metav1.Table).
public struct Table {
    private let kind: ResourceKind
    private let detail: Detail
    private let version: String
    private let now: Timestamp

    /// What rows say of their objects besides the cells (`includeObject`).
    public enum Detail: String, Hashable, Sendable {
        case none = "None"
        case metadata = "Metadata"
        case object = "Object"
    }

    /// - Parameters:
    ///   - version: that of `meta.k8s.io` which the client asked for.
    ///   - now: what ages are counted to.
    public init(_ kind: ResourceKind, detail: Detail = .metadata, version: String = "v1", now: Timestamp) {
        (self.kind, self.detail, self.version, self.now) = (kind, detail, version, now)
    }

    /// - Parameters:
    ///   - metadata: the list's own.
    ///   - hasColumns: whether it says what its columns are: the first of a watch alone does.
    public func json(_ objects: [JSON], metadata: JSON, hasColumns: Bool = true) -> JSON {
        table(.array(objects.map { row($0, cells(of: $0)) }), metadata, hasColumns)
    }

    /// The table of a watch's mark: its row has no cell that means something.
    func bookmark(_ mark: JSON, hasColumns: Bool) -> JSON {
        let cells = [JSON](repeating: "", count: kind.columns.count + 1)
        return table([row(mark, cells)], ["resourceVersion": mark["metadata"]["resourceVersion"]], hasColumns)
    }

    private func table(_ rows: JSON, _ metadata: JSON, _ hasColumns: Bool) -> JSON {
        [
            "kind": "Table", "apiVersion": .string("meta.k8s.io/\(version)"), "metadata": metadata,
            "columnDefinitions": hasColumns ? columns : .array([]), "rows": rows,
        ]
    }

    private var columns: JSON {
        let name: JSON = [
            "name": "Name", "type": "string", "format": "name", "description": "Name of the object.",
            "priority": kind.leadsWithName ? 0 : 1,
        ]
        let others: [JSON] = kind.columns.map { column in
            [
                "name": .string(column.name), "type": .string(column.type), "format": "", "description": "",
                "priority": column.isWide ? 1 : 0,
            ]
        }
        return .array(ordered(name, others))
    }

    /// The name in its place among the others.
    private func ordered(_ name: JSON, _ others: [JSON]) -> [JSON] {
        kind.leadsWithName ? [name] + others : others + [name]
    }

    private func cells(of object: JSON) -> [JSON] {
        ordered(object["metadata"]["name"], kind.columns.map { $0.cell(object, now) })
    }

    private func row(_ object: JSON, _ cells: [JSON]) -> JSON {
        var row: JSON = ["cells": .array(cells)]
        switch detail {
        case .none: break
        case .metadata: row["object"] = APIService.partial(object, version: version)
        case .object: row["object"] = object
        }
        return row
    }
}
