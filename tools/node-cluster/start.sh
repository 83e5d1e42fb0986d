#!/bin/bash
# Starts a Kubernetes cluster of one node in this container: etcd, kube-apiserver, kube-controller-manager, kube-scheduler,
# containerd, kubelet, kube-proxy, dnsmasq, and kube-router for NetworkPolicies. Certificates and configurations are made at
# the first start. Prints `ready` when Pods can be made, and ends when one of the programs does.
set -euo pipefail
# Why a program ended is read where its start is: in the log of the container, in order.
exec 2>&1

readonly folder=/var/lib/node-cluster certificates=/var/lib/node-cluster/certificates logs=/var/lib/node-cluster/logs
readonly name=node server=https://127.0.0.1:6443
readonly pod_network=10.244.0.0/24 service_network=10.96.0.0/16
address=$(ip -4 -o addr show scope global | awk '{split($4, parts, "/"); print parts[1]; exit}')
readonly address

# A container gets less than a node has. What `docker run --privileged` would give is made here, since an engine that has
# not all capabilities itself (as in many virtual machines) refuses that flag.
prepare_container() {
  # Mounts of a CSI driver's container reach the kubelet, and from there other containers, only between shared mounts.
  mount --make-rshared /
  local path
  for path in /sys /proc/sys $(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/mounts); do
    mount -o remount,bind,rw "$path" 2>/dev/null || true
  done
  # The kubelet looks for processes that ran out of memory in there.
  [ -e /dev/kmsg ] || mknod /dev/kmsg c 1 11
  [ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
  local loop
  for loop in {0..63}; do
    [ -e "/dev/loop$loop" ] || mknod "/dev/loop$loop" b 7 "$loop"
  done
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    # Version 2: a group that has processes cannot hand its controllers down.
    mkdir -p /sys/fs/cgroup/init
    xargs -rn1 </sys/fs/cgroup/cgroup.procs >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true
    sed 's/[^ ]*/+&/g' /sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
  elif ! grep -q ':memory:/$' /proc/self/cgroup; then
    echo 'The container shares the control groups of its host: start it with --cgroupns=private.' >&2
    exit 1
  fi
}

# A kubelet sets these, and they are the host's: they are put back when the node is stopped.
declare -A kernel
remember_kernel() {
  local setting
  for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
    kernel[$setting]=$(<"/proc/sys/$setting")
  done
}

make_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$certificates/$1.key"; }

make_certificate() { # name, subject, other names of a server
  make_key "$1"
  local extensions='extendedKeyUsage=serverAuth,clientAuth'
  [ -z "${3:-}" ] || extensions+=$'\n'"subjectAltName=$3"
  openssl req -new -key "$certificates/$1.key" -subj "$2" |
    openssl x509 -req -CA "$certificates/ca.crt" -CAkey "$certificates/ca.key" -CAcreateserial -days 3650 \
      -extfile <(echo "$extensions") -out "$certificates/$1.crt" 2>/dev/null
}

make_certificates() {
  [ ! -e "$certificates/service-accounts.key" ] || return 0
  make_key ca
  openssl req -x509 -new -key "$certificates/ca.key" -subj /CN=node-cluster -days 3650 \
    -addext keyUsage=critical,digitalSignature,keyCertSign -out "$certificates/ca.crt"
  local service=kubernetes.default.svc
  make_certificate apiserver /CN=kube-apiserver \
    "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:$service,DNS:$service.cluster.local,IP:127.0.0.1,IP:${service_network%.0/*}.1,IP:$address"
  make_certificate admin /O=system:masters/CN=admin
  make_certificate controller-manager /CN=system:kube-controller-manager
  make_certificate scheduler /CN=system:kube-scheduler
  make_certificate proxy /CN=system:kube-proxy
  make_certificate kubelet "/O=system:nodes/CN=system:node:$name" "DNS:$name,IP:$address"
  # Last, so that it tells whether all of them are there.
  make_key service-accounts
}

write_kubeconfig() { # user
  local authority certificate key
  authority=$(base64 -w0 "$certificates/ca.crt") certificate=$(base64 -w0 "$certificates/$1.crt") key=$(base64 -w0 "$certificates/$1.key")
  cat >"$folder/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: node, cluster: {server: "$server", certificate-authority-data: $authority}}]
users: [{name: $1, user: {client-certificate-data: $certificate, client-key-data: $key}}]
contexts: [{name: node, context: {cluster: node, user: $1}}]
current-context: node
YAML
}

write_configurations() {
  local user
  for user in admin controller-manager scheduler proxy kubelet; do write_kubeconfig "$user"; done
  cat >"$folder/cni/10-bridge.conflist" <<JSON
{"cniVersion": "1.0.0", "name": "node", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true, "ipam": {
    "type": "host-local", "dataDir": "$folder/addresses", "ranges": [[{"subnet": "$pod_network"}]],
    "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
  # restrict_oom_score_adj: lowering a score takes a capability that this container may lack.
  cat >"$folder/containerd.toml" <<TOML
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:node"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$folder/cni"
TOML
  # Images that were loaded by hand could not be pulled again: nothing is ever evicted for want of disk.
  cat >"$folder/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $certificates/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $certificates/kubelet.crt
tlsPrivateKeyFile: $certificates/kubelet.key
evictionHard: {memory.available: 100Mi, nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.available: 0%}
imageGCHighThresholdPercent: 100
volumePluginDir: $folder/volume-plugins
clusterDNS: [$address]
clusterDomain: cluster.local
YAML
  # The limits of connection tracking belong to the host's kernel, and stay as they are.
  cat >"$folder/proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: {kubeconfig: $folder/proxy.kubeconfig}
clusterCIDR: $pod_network
hostnameOverride: $name
conntrack: {maxPerCore: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
YAML
}

declare -A running

run() { # program, arguments
  "$@" >"$logs/$1.log" 2>&1 &
  running[$1]=$!
}

fail_if_ended() {
  local program
  for program in "${!running[@]}"; do
    kill -0 "${running[$program]}" 2>/dev/null && continue
    echo "$program ended:" >&2
    tail -20 "$logs/$program.log" >&2
    exit 1
  done
}

wait_for() { # what, command
  local what=$1 deadline=$((SECONDS + 180))
  shift
  until "$@" >/dev/null 2>&1; do
    fail_if_ended
    if ((SECONDS > deadline)); then
      echo "$what was waited for in vain." >&2
      exit 1
    fi
    sleep 0.1
  done
  echo "$what after $SECONDS s"
}

# etcd last: an API server without one waits for it before it ends.
stop() {
  trap - EXIT
  local program etcd=${running[etcd]:-}
  for program in "${!running[@]}"; do
    [ "$program" = etcd ] || kill "${running[$program]}" 2>/dev/null || true
  done
  local deadline=$((SECONDS + 5))
  while (($(jobs -rp | wc -l) > 1 && SECONDS < deadline)); do sleep 0.1; done
  [ -z "$etcd" ] || kill "$etcd" 2>/dev/null || true
  kill -KILL "${running[@]}" 2>/dev/null || true
  local setting
  for setting in "${!kernel[@]}"; do
    echo "${kernel[$setting]}" >"/proc/sys/$setting" || true
  done
}
trap stop EXIT
trap 'exit 0' TERM INT

start_control_plane() {
  run etcd --data-dir "$folder/etcd" --unsafe-no-fsync --log-level warn
  run kube-apiserver --etcd-servers http://127.0.0.1:2379 --advertise-address "$address" \
    --client-ca-file "$certificates/ca.crt" \
    --tls-cert-file "$certificates/apiserver.crt" --tls-private-key-file "$certificates/apiserver.key" \
    --kubelet-client-certificate "$certificates/admin.crt" --kubelet-client-key "$certificates/admin.key" \
    --kubelet-certificate-authority "$certificates/ca.crt" --kubelet-preferred-address-types InternalIP \
    --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$certificates/service-accounts.key" \
    --service-account-signing-key-file "$certificates/service-accounts.key" \
    --service-cluster-ip-range "$service_network" --authorization-mode Node,RBAC \
    --enable-admission-plugins NodeRestriction --allow-privileged
  wait_for 'The API server is ready' kubectl get --raw /readyz
  run kube-controller-manager --kubeconfig "$folder/controller-manager.kubeconfig" --leader-elect=false \
    --root-ca-file "$certificates/ca.crt" --use-service-account-credentials \
    --service-account-private-key-file "$certificates/service-accounts.key" \
    --cluster-signing-cert-file "$certificates/ca.crt" --cluster-signing-key-file "$certificates/ca.key" \
    --bind-address 127.0.0.1 --kube-api-qps 500 --kube-api-burst 1000
  run kube-scheduler --kubeconfig "$folder/scheduler.kubeconfig" --leader-elect=false --bind-address 127.0.0.1
}

# For each change of a Service all names anew; dnsmasq reads them when it is told to. kubectl's watch ends now and then.
keep_names() {
  local template='{{range .items}}{{if ne .spec.clusterIP "None"}}{{.spec.clusterIP}} {{.metadata.name}}.{{.metadata.namespace}}.svc.cluster.local{{"\n"}}{{end}}{{end}}'
  while true; do
    kubectl get services --all-namespaces --watch --output name | while read -r _; do
      kubectl get services --all-namespaces --output "go-template=$template" >"$folder/names"
      kill -HUP "${running[dnsmasq]}"
    done || sleep 1
  done
}

# Services by name. Everything else is unknown: there is nothing outside that a test could need.
start_names() {
  touch "$folder/names"
  run dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --log-facility=- --bind-interfaces \
    --listen-address "$address" --no-resolv --no-hosts --local=/cluster.local/ --addn-hosts "$folder/names"
  run keep_names
}

start_node() {
  run containerd --config "$folder/containerd.toml"
  wait_for 'containerd answers' ctr version
  ctr --namespace k8s.io images import /opt/node-cluster/pause.tar >/dev/null
  run kubelet --config "$folder/kubelet.yaml" --kubeconfig "$folder/kubelet.kubeconfig" \
    --hostname-override "$name" --node-ip "$address"
  run kube-proxy --config "$folder/proxy.yaml"
  # Between Pods of one bridge, too, what goes by is filtered.
  echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
  wait_for 'The node is ready' kubectl wait "node/$name" --for=condition=Ready --timeout=5s
  # Routes and Services are others' work. It reads its node, which is there now.
  run kube-router --kubeconfig "$folder/admin.kubeconfig" --hostname-override "$name" \
    --run-firewall --run-router=false --run-service-proxy=false --run-loadbalancer=false \
    --service-cluster-ip-range "$service_network" --health-port 0 --metrics-port 0
  wait_for 'Pods can be made' kubectl get serviceaccount default
}

mkdir -p "$certificates" "$logs" "$folder/cni"
prepare_container
remember_kernel
make_certificates
write_configurations
start_control_plane
start_names
start_node
echo ready
wait -n "${running[@]}" || true
fail_if_ended
