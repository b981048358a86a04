extension FieldTable {
    /// The kinds of Kubernetes' objects that are read (k8s.io/api: core/v1, apps/v1); of a service its own reader tells.
    static let kubernetes: [String: FieldTable] = [
        "Pod": FieldTable(
            """
            @object
            metadata.@podMetadata
            spec.@pod
            """, parts: parts),
        "Deployment": FieldTable(
            """
            @controller
            spec.replicas +
            spec.strategy -
            spec.progressDeadlineSeconds -
            spec.paused ! its pods are there all the same
            """, parts: parts),
        "ReplicaSet": FieldTable(
            """
            @controller
            spec.replicas +
            """, parts: parts),
        "ReplicationController": FieldTable(
            """
            @object
            metadata.@metadata
            spec.replicas +
            spec.selector +
            spec.minReadySeconds -
            spec.template.metadata.@podMetadata
            spec.template.spec.@pod
            """, parts: parts),
        "DaemonSet": FieldTable(
            """
            @controller
            spec.updateStrategy -
            """, parts: parts),
        "StatefulSet": FieldTable(
            """
            @controller
            spec.replicas +
            spec.serviceName +
            spec.ordinals.start ! its pods are counted from 0
            spec.podManagementPolicy -
            spec.updateStrategy -
            spec.volumeClaimTemplates -
            spec.persistentVolumeClaimRetentionPolicy -
            """, parts: parts),
        "Namespace": FieldTable(
            """
            @object
            metadata.annotations +
            metadata.@metadata
            spec -
            """, parts: parts),
        "Node": FieldTable(
            """
            @object
            metadata.@metadata
            metadata.labels +
            spec.taints ! the control plane's taint alone keeps pods away
            spec.unschedulable ! pods are scheduled to it
            spec.podCIDR -
            spec.podCIDRs -
            spec.providerID -
            spec.externalID -
            spec.configSource -
            spec.addresses ! a node's addresses are those of its interfaces
            spec.bgp.asNumber -
            spec.bgp.ipv4Address ! which address a node has is found as autodetection says
            spec.bgp.ipv6Address ! which address a node has is found as autodetection says
            spec.bgp.routeReflectorClusterID ! nodes do not pass on what they hear
            spec.bgp.* -
            spec.orchRefs -
            spec.wireguard -
            spec.ipv4VXLANTunnelAddr -
            spec.ipv6VXLANTunnelAddr -
            spec.vxlanTunnelMACAddr -
            """, parts: parts),
    ]

    private static let parts = [
        "object": """
        apiVersion +
        kind +
        status -
        """,
        "metadata": """
        name +
        namespace +
        generateName +
        labels -
        annotations -
        uid -
        resourceVersion -
        generation -
        creationTimestamp -
        deletionTimestamp -
        deletionGracePeriodSeconds -
        finalizers -
        managedFields -
        ownerReferences -
        selfLink -
        """,
        "podMetadata": """
        labels +
        annotations +
        @metadata
        """,
        "controller": """
        @object
        metadata.@metadata
        spec.selector.@selector
        spec.template.metadata.@podMetadata
        spec.template.spec.@pod
        spec.minReadySeconds -
        spec.revisionHistoryLimit -
        """,
        "selector": """
        matchLabels +
        matchExpressions +
        """,
        "pod": """
        nodeName +
        nodeSelector +
        tolerations.[].key +
        tolerations.[].operator +
        tolerations.[].value +
        tolerations.[].effect +
        tolerations.[].tolerationSeconds -
        affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution +
        affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution +
        affinity.podAffinity.@podAffinity
        affinity.podAntiAffinity.@podAffinity
        topologySpreadConstraints.[].maxSkew +
        topologySpreadConstraints.[].topologyKey +
        topologySpreadConstraints.[].whenUnsatisfiable +
        topologySpreadConstraints.[].labelSelector.@selector
        topologySpreadConstraints.[].matchLabelKeys +
        topologySpreadConstraints.[].minDomains +
        topologySpreadConstraints.[].nodeAffinityPolicy +
        topologySpreadConstraints.[].nodeTaintsPolicy +
        hostNetwork +
        hostname +
        subdomain +
        hostnameOverride ! a pod's host name is its own, or that of hostname
        setHostnameAsFQDN ! a pod's host name is the short one
        dnsPolicy +
        dnsConfig.nameservers +
        dnsConfig.searches +
        dnsConfig.options.[].name +
        dnsConfig.options.[].value +
        hostAliases.[].ip +
        hostAliases.[].hostnames +
        containers.[].restartPolicy -
        containers.[].@container
        initContainers.[].@container
        ephemeralContainers -
        schedulerName ! kube-scheduler's own rules place it
        schedulingGates ! pods are scheduled without waiting
        readinessGates ! a pod is ready as long as it answers
        securityContext.sysctls ! settings of pods are not taken over
        securityContext.* -
        volumes -
        restartPolicy -
        terminationGracePeriodSeconds -
        activeDeadlineSeconds -
        serviceAccountName -
        serviceAccount -
        automountServiceAccountToken -
        hostPID -
        hostIPC -
        hostUsers -
        shareProcessNamespace -
        imagePullSecrets -
        priorityClassName -
        priority -
        preemptionPolicy -
        overhead -
        runtimeClassName -
        enableServiceLinks -
        os -
        resources -
        resourceClaims -
        """,
        "podAffinity": """
        requiredDuringSchedulingIgnoredDuringExecution.[].@podTerm
        preferredDuringSchedulingIgnoredDuringExecution.[].weight +
        preferredDuringSchedulingIgnoredDuringExecution.[].podAffinityTerm.@podTerm
        """,
        "podTerm": """
        labelSelector.@selector
        topologyKey +
        namespaces +
        namespaceSelector.@selector
        matchLabelKeys +
        mismatchLabelKeys +
        """,
        "container": """
        name -
        image +
        command +
        args +
        env +
        ports.[].name +
        ports.[].containerPort +
        ports.[].protocol +
        ports.[].hostPort +
        ports.[].hostIP +
        restartPolicy +
        envFrom -
        imagePullPolicy -
        lifecycle -
        livenessProbe -
        readinessProbe -
        startupProbe -
        resources -
        resizePolicy -
        restartPolicyRules -
        securityContext -
        stdin -
        stdinOnce -
        terminationMessagePath -
        terminationMessagePolicy -
        tty -
        volumeDevices -
        volumeMounts -
        workingDir -
        """,
    ]
}
