/** What tools speak that know nothing of this broker. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { Secret } from '@tessera/core'
import { run } from '@tessera/node'
import { agentServer, listenOnSocket, loopbackDoor } from '../src/index.js'
import { ask, withBroker } from './support.js'

const BEARER = 'b'.repeat(40)
const bearer = Secret.make('BrokerBearer', BEARER)
const FLAVOR = { 'metadata-flavor': 'Google' }

/** What the libraries of a cloud have got, run as an application of their users. */
const tokensOf = async (how: string, variables: Readonly<Record<string, string>>): Promise<ReadonlyArray<string>> => {
  const script = join(__dirname, 'fixtures', 'libraries.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [script, how], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', NO_PROXY: '*', ...variables },
  })
  return JSON.parse(stdout)
}

describe("Google's metadata server", () => {
  it(
    'has a token for its own library',
    withBroker(async ({ atPort, origin }) => {
      const port = await atPort((at) => loopbackDoor({ port: at, bearer, isOwnUser: async () => true, metadata: true }))
      expect(await tokensOf('google', { GCE_METADATA_HOST: `127.0.0.1:${port}` })).toEqual(['access-1'])
      expect(origin.count()).toBe(1)
    }),
  )

  it(
    'answers whoever means it, of this user, and nobody else',
    withBroker(async ({ atPort, broker }) => {
      const path = '/computeMetadata/v1/instance/service-accounts/default/token'
      const open = await atPort((at) => loopbackDoor({ port: at, bearer, isOwnUser: async () => true, metadata: true }))
      const found = await ask({ port: open }, path, { headers: FLAVOR })
      expect(found).toMatchObject({ status: 200, headers: FLAVOR })
      expect(JSON.parse(found.body)).toEqual({
        access_token: 'access-1',
        token_type: 'Bearer',
        expires_in: expect.any(Number),
      })
      const status = async (port: number, target: string, headers: Readonly<Record<string, string>>) =>
        (await ask({ port }, target, { headers })).status
      expect(await status(open, path, {})).toBe(401)
      expect(await status(open, path, { ...FLAVOR, 'x-forwarded-for': '10.0.0.1' })).toBe(401)
      expect(await status(open, path, { ...FLAVOR, host: 'evil.example' })).toBe(421)
      expect(await status(open, '/token', FLAVOR)).toBe(401)
      expect(await status(open, path.replace('default', 'home'), FLAVOR)).toBe(404)
      expect(await status(open, `${path}/more`, FLAVOR)).toBe(404)
      expect(await status(open, '/computeMetadata/v1/project/project-id', FLAVOR)).toBe(404)
      // What is at another path, or asked by another method, is none of theirs.
      for (const [method, target] of [
        ['POST', '/computeMetadata/../refused'],
        ['GET', '/computeMetadata/%2e%2e/token'],
        ['POST', path],
      ] as const) {
        expect((await ask({ port: open }, target, { method, headers: FLAVOR, body: '' })).status).toBe(401)
      }
      const account = await ask({ port: open }, path.replace('token', '?recursive=true'), { headers: FLAVOR })
      expect(JSON.parse(account.body)).toMatchObject({ email: 'default' })

      const others = await atPort((at) =>
        loopbackDoor({ port: at, bearer, isOwnUser: async () => false, metadata: true }),
      )
      expect(await status(others, path, FLAVOR)).toBe(403)
      const none = await atPort((at) => loopbackDoor({ port: at, bearer, metadata: true }))
      expect(await status(none, path, FLAVOR)).toBe(401)
      expect(broker.tally.of('work').outcomes.get('served')).toBe(1)
    }),
  )
})

describe("Azure's managed identity", () => {
  it(
    'has a token for its own library',
    withBroker(async ({ atPort, origin }) => {
      const port = await atPort((at) => loopbackDoor({ port: at, bearer }))
      const variables = { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/azure/work`, IDENTITY_HEADER: BEARER }
      expect(await tokensOf('azure', variables)).toEqual(['access-1'])
      expect(origin.count()).toBe(1)
    }),
  )

  it(
    'renews what a server has refused, and is told its errors',
    withBroker(async ({ get, origin }) => {
      const found = await get('/azure?resource=https://graph.example&api-version=2019-08-01')
      expect(JSON.parse(found.body)).toEqual({
        access_token: 'access-1',
        token_type: 'Bearer',
        resource: 'https://graph.example',
        expires_on: expect.stringMatching(/^\d{10}$/),
      })
      const hash = createHash('sha256').update('access-1').digest('hex')
      expect(JSON.parse((await get(`/azure?token_sha256_to_refresh=${hash}`)).body).access_token).toBe('access-2')
      expect(JSON.parse((await get(`/azure?token_sha256_to_refresh=${hash}`)).body).access_token).toBe('access-2')
      expect(await get('/azure/home')).toMatchObject({ status: 404, body: expect.stringContaining('"message"') })
      expect(origin.count()).toBe(2)
    }),
  )
})

describe('oidc-agent', () => {
  it(
    'is asked as its own clients ask it',
    withBroker(async ({ folder, broker }) => {
      const { server, end } = agentServer(broker)
      const path = join(folder, 'oidc.sock')
      const { leave } = await run(listenOnSocket({ server, path }))
      const said = async (...parts: ReadonlyArray<string>) => {
        const socket = connect(path)
        for (const part of parts) await new Promise((resolve) => socket.write(part, resolve))
        return JSON.parse(await text(socket))
      }
      const found = await said(
        '{"request":"access_token","acc',
        'ount":"work","min_valid_period":60,"application_hint":"rucio"}',
      )
      expect(found).toEqual({ status: 'success', access_token: 'access-1', issuer: '', expires_at: expect.any(Number) })
      expect(found.expires_at).toBeGreaterThan(1_700_000_000)
      expect(broker.tally.of('work').askers.map(({ name }) => name)).toEqual(['rucio'])
      expect(await said('{"request":"access_token"}')).toMatchObject({ access_token: 'access-1' })
      expect(await said('{"request":"access_token","scope":"read"}')).toMatchObject({ access_token: 'access-1' })
      for (const request of [
        '{"request":"access_token","account":"home"}',
        '{"request":"access_token","issuer":"https://as.example"}',
        '{"request":"access_token","scope":"write"}',
        '{"request":"access_token","audience":"https://api.example"}',
        '{"request":"add","account":"work"}',
        '{"request":"access_token","min_valid_period":1e9}',
        '{"request":"access_token","min_valid_period":1e999}',
        '[]',
        'b2lkYw==',
        `{"request":"${'x'.repeat(20_000)}`,
      ]) {
        expect(await said(request)).toMatchObject({ status: 'failure', error: expect.any(String) })
      }
      // One that says nothing keeps nobody from ending.
      const silent = connect(path).on('error', () => undefined)
      await new Promise((resolve) => silent.once('connect', resolve))
      leave()
      await end()
    }),
  )

  it(
    'ends though one stays after its answer',
    withBroker(async ({ folder, broker }) => {
      // Time is over at once.
      const { server, end } = agentServer({ ...broker, clock: { ...broker.clock, sleep: () => async () => undefined } })
      const path = join(folder, 'oidc.sock')
      const { leave } = await run(listenOnSocket({ server, path }))
      const staying = connect({ path, allowHalfOpen: true }).on('error', () => undefined)
      staying.write('[]')
      expect(await text(staying)).toContain('failure')
      leave()
      await end()
    }),
  )
})
