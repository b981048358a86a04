/// The names that Kubernetes' controllers give to pods, with a hash where they draw at random.
///
/// A suffix hangs on nothing but the pod's own place (workload, and node or number), so that adding a node or a
/// replica renames no other pod.
public enum PodName {
    /// The letters and digits of generated names: no vowels, nothing that looks like another
    /// (k8s.io/apimachinery/pkg/util/rand).
    private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

    /// The longest prefix that a suffix is put after: 63 less the suffix (k8s.io/apiserver/pkg/storage/names).
    private static let longestBase = 58

    /// The name of a DaemonSet's pod on a node.
    ///
    /// - Parameter attempt: 0, then 1 and on while the name is another pod's.
    public static func daemonSet(_ name: String, namespace: String, node: String, attempt: Int = 0) -> String {
        generated(base: name + "-", seed: "DaemonSet/\(namespace)/\(name)/\(node)", attempt: attempt)
    }

    /// The name of a Deployment's replica, counted from 0.
    ///
    /// - Parameter attempt: 0, then 1 and on while the name is another pod's.
    public static func deployment(_ name: String, namespace: String, replica: Int, attempt: Int = 0) -> String {
        generated(
            base: replicaSet(ofDeployment: name, namespace: namespace) + "-",
            seed: "Deployment/\(namespace)/\(name)/\(replica)", attempt: attempt)
    }

    /// The name of a replica of a ReplicaSet that no Deployment made, counted from 0.
    ///
    /// - Parameter attempt: 0, then 1 and on while the name is another pod's.
    public static func replicaSet(_ name: String, namespace: String, replica: Int, attempt: Int = 0) -> String {
        generated(base: name + "-", seed: "ReplicaSet/\(namespace)/\(name)/\(replica)", attempt: attempt)
    }

    /// The name of a StatefulSet's replica, counted from 0.
    public static func statefulSet(_ name: String, replica: Int) -> String { "\(name)-\(replica)" }

    /// The name of a Deployment's ReplicaSet: `NAME-<template hash>`.
    public static func replicaSet(ofDeployment name: String, namespace: String) -> String {
        "\(name)-\(templateHash("\(namespace)/\(name)"))"
    }

    /// The host name that a pod sees: its name, cut to 63 bytes (kubelet's `truncatePodHostnameIfNeeded`).
    public static func hostname(ofPod name: String) -> String {
        var bytes = Array(name.utf8.prefix(63))
        guard bytes.count < name.utf8.count else { return name }
        while let last = bytes.last, last == UInt8(ascii: "-") || last == UInt8(ascii: ".") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Five letters and digits, as the API server puts them after `generateName`.
    ///
    /// - Parameter seed: what they hang on.
    public static func suffix(_ seed: String) -> String { generated(base: "", seed: seed, attempt: 0) }

    private static func generated(base: String, seed: String, attempt: Int) -> String {
        let digest = SHA1.digest((attempt == 0 ? seed : "\(seed)#\(attempt)").utf8)
        var number = digest[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var bytes = Array(base.utf8.prefix(longestBase))
        for _ in 0..<5 {
            bytes.append(alphabet[Int(number % UInt64(alphabet.count))])
            number /= UInt64(alphabet.count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A 32-bit number in decimal, its digits written in the alphabet, as the Deployment controller writes its hash
    /// (`SafeEncodeString`).
    public static func templateHash(_ text: String) -> String {
        let digits = String(FNV1.hash32(text)).utf8.map { alphabet[Int($0) % alphabet.count] }
        return String(decoding: digits, as: UTF8.self)
    }
}
