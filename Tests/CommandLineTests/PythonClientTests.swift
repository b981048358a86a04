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

    /// Asks a pod's page over a port of it, and beside it a port where nothing listens; then for what is no port.
    private static let forwarding = """
        import sys
        sys.path.insert(0, sys.argv[1])
        from kubernetes import client, config
        from kubernetes.stream import portforward
        config.load_kube_config(sys.argv[2])
        core = client.CoreV1Api()
        def forward(ports):
            return portforward(core.connect_get_namespaced_pod_portforward, "multitool-kj598", "default", ports=ports)
        def ask(forwarded, port):
            socket = forwarded.socket(port)
            socket.setblocking(True)
            socket.settimeout(20)
            answer = b""
            # What is refused may have ended before anything is sent.
            try:
                socket.sendall(b"GET / HTTP/1.1\\r\\nHost: pod\\r\\nConnection: close\\r\\n\\r\\n")
                while part := socket.recv(4096): answer += part
            except ConnectionError: pass
            return answer
        open = forward("8080")
        print("open", b"pod: multitool-kj598\\n" in ask(open, 8080), open.error(8080))
        both = forward("8080,9")
        print("closed", ask(both, 9), "Connection refused" in (both.error(9) or ""))
        words = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
                 "Sec-WebSocket-Version": "13", "Sec-WebSocket-Protocol": "v4.channel.k8s.io"}
        pod = core.api_client.configuration.host + "/api/v1/namespaces/default/pods/multitool-kj598/portforward"
        for ports in ("", "?ports=x", "?ports=70000", "?ports=0", "?ports=" + ",".join(["80"] * 129)):
            answer = core.api_client.rest_client.pool_manager.request("GET", pod + ports, headers=words)
            print(answer.status, answer.json()["message"])

        """

    @Test("reaches ports of a pod")
    func ports() throws {
        try KubernetesLab.with { lab in
            let python = "\(try KubernetesLab.clients.get())/python"
            let answer = try Witness.run([
                "timeout", "60", "python3", "-W", "ignore", "-c", Self.forwarding, python, lab.kubeconfig,
            ])
            #expect(
                answer.output == """
                    open True None
                    closed b'' True
                    400 query parameter "ports" is required
                    400 unable to parse "x" as a port
                    400 unable to parse "70000" as a port
                    400 unable to parse "0" as a port
                    400 more than 128 ports

                    """, "\(answer.output)")
            #expect(answer.status == 0)
        }
    }
}
