import KernelTestSupport
import Testing

@Suite("A lab asked by Kubernetes' client for Python", .needsRoot, .timeLimit(.minutes(20)))
struct PythonClientTests {
    private static let script = """
        import sys
        sys.path.insert(0, sys.argv[1])
        from kubernetes import client, config, watch
        config.load_kube_config(sys.argv[2])
        core, apps, custom = client.CoreV1Api(), client.AppsV1Api(), client.CustomObjectsApi()
        print("nodes", len(core.list_node().items))
        pods = core.list_namespaced_pod("default", label_selector="app=multitool")
        print("pods", sorted(pod.status.pod_ip for pod in pods.items))
        print("first", len(core.list_namespaced_pod("default", limit=1).items))
        print("ready", apps.read_namespaced_daemon_set("multitool", "default").status.number_ready)
        pool = custom.get_cluster_custom_object("crd.projectcalico.org", "v1", "ippools", "default-ipv4-ippool")
        print("pool", pool["spec"]["cidr"])
        try:
            core.read_namespaced_pod("nothing", "default")
        except client.exceptions.ApiException as error:
            print("status", error.status, error.reason)
        seen = set()
        for event in watch.Watch().stream(core.list_namespaced_pod, "default", timeout_seconds=20):
            seen.add(event["type"] + " " + event["object"].metadata.name)
            if len(seen) == 3: break
        print("watched", sorted(seen))
        from kubernetes.stream import stream
        words = ["sh", "-c", "echo out; echo err >&2; exit 7"]
        run = stream(core.connect_get_namespaced_pod_exec, "multitool-kj598", "default", command=words, stderr=True,
                     stdin=False, stdout=True, tty=False, _preload_content=False)
        run.run_forever(timeout=20)
        print("log", repr(core.read_namespaced_pod_log("multitool-kj598", "default", tail_lines=5)))
        print("ran", repr(run.read_stdout()), repr(run.read_stderr()), run.returncode)

        """

    @Test("lists, reads, watches, and runs a command in a pod")
    func reading() throws {
        try KubernetesLab.with { lab in
            let python = "\(try KubernetesLab.clients.get())/python"
            let answer = try Witness.run([
                "timeout", "60", "python3", "-W", "ignore", "-c", Self.script, python, lab.kubeconfig,
            ])
            #expect(answer.status == 0)
            #expect(
                answer.output == """
                    nodes 3
                    pods ['192.168.183.65', '192.168.207.193', '192.168.77.1']
                    first 1
                    ready 3
                    pool 192.168.0.0/16
                    status 404 Not Found
                    watched ['ADDED multitool-828np', 'ADDED multitool-kj598', 'ADDED multitool-v6wkv']
                    log ''
                    ran 'out\\n' 'err\\n' 7

                    """, "\(answer.output)")
        }
    }
}
