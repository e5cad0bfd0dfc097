// The configuration that `transship config example` prints and that the reference page opens with.

export const EXAMPLE_CONFIG = `version: 1

registries: # by host[:port]; most need no entry: vendor and limits follow from the host
  docker.io:
    credential: { username: { env: HUB_USER }, password: { env: HUB_TOKEN } }
  123456789012.dkr.ecr.eu-west-1.amazonaws.com:
    credential: { aws: {} } # the default chain
    createRepository: { tagMutability: immutable, scanOnPush: true, tags: { team: platform } }
  harbor.acme.io:
    kind: harbor # only where the host does not tell
    credential: { username: "robot$mirror", password: { file: /run/secrets/harbor } }
    limits: { concurrency: 8, requestsPerSecond: 20, bandwidth: 50MiB }
  "172.18.0.20:5000": { plainHttp: true, credential: anonymous }

mirrors:
  - name: base
    from: docker.io/library/{alpine,debian} # exact, {a,b}, * (one component), ** (any depth)
    to: # one read feeds all
      - 123456789012.dkr.ecr.eu-west-1.amazonaws.com/mirror/{repository}
      - harbor.acme.io/mirror/{name} # {registry} {repository} {namespace} {name} {tag}
    tags: { semver: ">=3.18", latest: 5, always: [latest], deny: ["*-rc*"] }
    platforms: { include: [linux/amd64, linux/arm64] }
    schedule: { cron: "17 * * * *", timeZone: Europe/Rome } # or { every: 30m }, or off

receivers: # POST /hooks/<kind>/<id>[/<token>]
  - { id: hub, kind: docker-hub, registry: docker.io, auth: { mode: path } }
  - id: harbor
    kind: harbor
    registry: harbor.acme.io
    auth: { mode: header, name: authorization, secrets: [{ env: HARBOR_HOOK }] }

api:
  listen: 127.0.0.1:8080

clusters: # or kubeconfig: { path, context }, inCluster: {}, gke, aks, server and token
  - { name: prod-eu, eks: { region: eu-west-1, cluster: prod } }

credentials:
  - name: pull
    clusters: [prod-eu]
    namespaces: { selector: { transship.io/pull: "true" }, exclude: [kube-*] } # or names, or all: true
    registries: [123456789012.dkr.ecr.eu-west-1.amazonaws.com, harbor.acme.io]
    secret: { name: registry-pull, layout: merged } # or per-registry
    serviceAccounts: [default] # or all, { selector }, none

grants:
  - name: app-base-images
    to: { serviceAccount: my-ns/default } # or namespace, namespaceSelector, user, group, awsAccount, awsRole, …
    pull: [{ registry: internal-docker-registry.cpaas-system.svc, namespace: shared-ns }] # or repository, prefix
    until: 2027-01-31
    reason: "JIRA-123"
`;
