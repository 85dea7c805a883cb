/** Programs of others that take a token of the command, unchanged. */
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { authorities, type Served, serve, serveTls } from '../../node/test/support/servers.js'
import { testWith } from '../../tools/jest/needs.js'
import { type Home, withHome } from './support.js'

const TESSERA = `'${process.execPath}' '${join(__dirname, '..', 'bin', 'tessera.js')}'`

const GOOGLE = join(__dirname, 'fixtures', 'googleClient.mjs')

/** A program that is run to its end, and what it printed. */
const ran = async (
  { folder }: Home,
  [program = '', ...args]: ReadonlyArray<string>,
  input = '',
  expected = 0,
): Promise<string> => {
  const child = spawn(program, args, { env: variablesOf(folder), stdio: 'pipe' })
  child.stdin.on('error', () => undefined).end(input)
  const ended = new Promise((resolve) => child.once('close', resolve))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  expect({ code, stderr: code === expected ? '' : stderr }).toEqual({ code: expected, stderr: '' })
  return stdout
}

const variablesOf = (folder: string): Record<string, string> => ({
  PATH: `${folder}:${process.env['PATH'] ?? ''}`,
  HOME: folder,
  XDG_CONFIG_HOME: join(folder, 'config'),
  XDG_STATE_HOME: join(folder, 'state'),
  GIT_TERMINAL_PROMPT: '0',
  GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1',
})

/** A program in the folder, which is on its PATH. */
const installed = async ({ folder }: Home, name: string, script: string): Promise<string> => {
  const file = join(folder, name)
  await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return file
}

const using = async <A>(server: Promise<Served>, use: (origin: string) => Promise<A>): Promise<A> => {
  const { origin, close } = await server
  return use(origin).finally(close)
}

const bearerOf = (authorization = ''): string => /^Bearer (.+)$/.exec(authorization)?.[1] ?? ''

/** A client: it gets a token in its own way, and tells which. */
type Client = (home: Home) => Promise<string>

/** An API that tells which token it was given. */
const echo: RequestListener = ({ headers }, response) => response.end(bearerOf(headers.authorization))

const curl =
  (origin: string): Client =>
  (home) =>
    ran(home, ['sh', '-c', `${TESSERA} token --format curl | curl --silent --show-error -K - '${origin}'`])

const git: Client = async (home) => {
  const helper = `credential.helper=!${TESSERA} token --format git`
  const filled = await ran(home, ['git', '-c', helper, 'credential', 'fill'], 'protocol=https\nhost=code.example\n\n')
  return /^password=(.+)$/m.exec(filled)?.[1] ?? ''
}

/** As Docker asks a helper of the name "tessera". */
const docker: Client = async (home) =>
  JSON.parse(await ran(home, ['docker-credential-tessera', 'get'], 'https://code.example')).Secret

/** A security token service that hands out what it was given: in the place of Google's. */
const exchange: RequestListener = async (request, response) => {
  const subject = new URLSearchParams(await text(request)).get('subject_token')
  response.writeHead(200, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      access_token: subject,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3600,
    }),
  )
}

const google =
  (origin: string): Client =>
  (home) =>
    ran(home, [process.execPath, GOOGLE, join(home.folder, 'for-google'), `${origin}/v1/token`])

testWith('curl')(
  "curl, git, Docker's protocol and Google's library share a session: at its end, all at once, one request",
  withHome(async (home) => {
    const { box, settings, writeProfile, expire } = home
    await writeProfile('default', { ...settings, tessera: { baseUrl: box.url, origins: ['https://code.example'] } })
    await installed(home, 'docker-credential-tessera', `exec ${TESSERA} token --format docker "$@"`)
    await installed(home, 'for-google', `exec ${TESSERA} token --format google`)
    await using(serve(echo), (api) =>
      using(serve(exchange), async (service) => {
        const clients: ReadonlyArray<Client> = [curl(api), git, docker, google(service)]
        const all = async (times: number): Promise<ReadonlyArray<string>> => [
          ...new Set(await Promise.all(clients.flatMap((client) => Array.from({ length: times }, () => client(home))))),
        ]
        const [first = '', ...others] = await all(1)
        expect({ others, isActive: box.isActive(first) }).toEqual({ others: [], isActive: true })
        await expire()
        const [second = '', ...more] = await all(2)
        expect({ more, isActive: box.isActive(second), isNew: second !== first }).toEqual({
          more: [],
          isActive: true,
          isNew: true,
        })
        expect(box.counts().byEndpoint.token).toBe(2)
      }),
    )
  }),
)

/** An API server as kubectl asks it, for whoever has a token that counts. */
const cluster =
  (isGood: (token: string) => Promise<boolean>): RequestListener =>
  async ({ url = '', headers }, response) => {
    const answers: Readonly<Record<string, object>> = {
      '/version': { major: '1', minor: '32' },
      '/api': { kind: 'APIVersions', versions: ['v1'] },
      '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
      '/api/v1': {
        kind: 'APIResourceList',
        groupVersion: 'v1',
        resources: [
          { name: 'namespaces', singularName: '', namespaced: false, kind: 'Namespace', verbs: ['get', 'list'] },
        ],
      },
      '/api/v1/namespaces': { kind: 'NamespaceList', apiVersion: 'v1', items: [{ metadata: { name: 'default' } }] },
    }
    const unauthorized = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Unauthorized', code: 401 }
    const body = (await isGood(bearerOf(headers.authorization))) ? answers[url.replace(/\?.*/, '')] : unauthorized
    response
      .writeHead(body === unauthorized ? 401 : body === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(body))
  }

const kubectl = async (home: Home, server: string): Promise<string> => {
  const config = join(home.folder, 'kubeconfig')
  const plugin = await installed(
    home,
    'tessera-for-kubectl',
    `echo >> '${config}.runs'; exec ${TESSERA} token --format kubectl`,
  )
  await writeFile(
    config,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'local',
          cluster: {
            server,
            'certificate-authority-data': Buffer.from(authorities.loopback.ca).toString('base64'),
          },
        },
      ],
      users: [
        {
          name: 'me',
          // The version that Debian's kubectl knows, and newer ones too.
          user: {
            exec: { apiVersion: 'client.authentication.k8s.io/v1beta1', command: plugin, interactiveMode: 'Never' },
          },
        },
      ],
      contexts: [{ name: 'here', context: { cluster: 'local', user: 'me' } }],
      'current-context': 'here',
    }),
  )
  return config
}

testWith('kubectl')(
  'kubectl gets a token, and the next one where its server has refused it; many at once at its end, one request',
  withHome(async (home) => {
    const { box, expire } = home
    const refused = new Set<string>()
    const given = new Set<string>()
    const isGood = async (token: string): Promise<boolean> => {
      given.add(token)
      // It has ended while kubectl had it.
      if (given.size === 1) {
        refused.add(token)
        await expire()
      }
      return box.isActive(token) && !refused.has(token)
    }
    await using(serveTls(authorities.loopback, cluster(isGood)), async (origin) => {
      const config = await kubectl(home, origin)
      const listing = () => ran(home, ['kubectl', '--kubeconfig', config, 'get', 'namespaces', '--output', 'name'])
      expect(await listing()).toBe('namespace/default\n')
      expect({ given: given.size, requests: box.counts().byEndpoint.token }).toEqual({ given: 2, requests: 2 })
      // It asked again, in one run.
      expect(await readFile(`${config}.runs`, 'utf8')).toBe('\n\n')
      await expire()
      const all = await Promise.all(Array.from({ length: 4 }, listing))
      expect(new Set(all)).toEqual(new Set(['namespace/default\n']))
      expect({ given: given.size, requests: box.counts().byEndpoint.token }).toEqual({ given: 3, requests: 3 })
    })
  }),
)
