/** axios, got and ky: what they send, where, and how often. */
import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import type { Tokens } from '@tessera/core'
import axios from 'axios'
import { axiosAdapter } from '../src/axios.js'
import { gotHooks } from '../src/got.js'
import { kyFetch } from '../src/ky.js'
import { hostOf } from './support/hostOf.js'
import { openRig, type Rig } from './support/rig.js'
import { startApi } from './support/startApi.js'
import { testAdapter } from './support/testAdapter.js'

const { got } = hostOf<typeof import('got')>('got')
const { default: ky } = hostOf<typeof import('ky')>('ky')

interface Client {
  readonly get: (url: string, headers?: Record<string, string>) => Promise<unknown>
  readonly putJson: (url: string) => Promise<unknown>
  readonly putStream: (url: string) => Promise<unknown>
}

interface Host {
  readonly open: (options: { readonly tokens: Tokens; readonly origins: ReadonlyArray<string> }) => Client
  readonly sendsStreamsAgain: boolean
  readonly uses: number
}

const agent = new Agent({ keepAlive: true, maxSockets: 32 })
const nodeStream = () => Readable.from(['{}'])
const webStream = () => new Blob(['{}']).stream()

const byAxios = (sender: 'http' | 'fetch', stream: () => unknown): Host['open'] => {
  return (options) => {
    const api = axios.create({
      httpAgent: agent,
      adapter: axiosAdapter({ ...options, adapter: axios.getAdapter(sender) }),
    })
    return {
      get: (url, headers = {}) => api.get(url, { headers }),
      putJson: (url) => api.put(url, { name: 'a' }),
      putStream: (url) => api.put(url, stream()),
    }
  }
}

const hosts: Readonly<Record<string, Host>> = {
  axios: { open: byAxios('http', nodeStream), sendsStreamsAgain: false, uses: 1_000 },
  'axios by fetch': { open: byAxios('fetch', webStream), sendsStreamsAgain: false, uses: 50 },
  got: {
    open: (options) => {
      const api = got.extend({ agent: { http: agent } }, gotHooks(options))
      return {
        get: (url, headers = {}) => api(url, { headers }),
        putJson: (url) => api.put(url, { json: { name: 'a' } }),
        putStream: (url) => api.put(url, { body: nodeStream() }),
      }
    },
    sendsStreamsAgain: false,
    uses: 1_000,
  },
  ky: {
    open: (options) => {
      const api = ky.create({ timeout: false, retry: 0, fetch: kyFetch(options) })
      return {
        get: (url, headers = {}) => api.get(url, { headers }),
        putJson: (url) => api.put(url, { json: { name: 'a' } }),
        putStream: (url) => api.put(url, { body: webStream() }),
      }
    },
    sendsStreamsAgain: true,
    uses: 1_000,
  },
}

afterAll(() => agent.destroy())

describe.each(Object.entries(hosts))('%s', (name, { open, sendsStreamsAgain, uses }) => {
  const clientOf = ({ tokens, api }: Rig): Client => open({ tokens, origins: [api] })

  testAdapter(
    name,
    (rig) => {
      const { get } = clientOf(rig)
      return { use: () => get(rig.api) }
    },
    { uses },
  )

  describe('sends', () => {
    let rig: Rig
    beforeEach(async () => {
      rig = await openRig()
    })
    afterEach(() => rig.close())

    test(`a body again, and a stream ${sendsStreamsAgain ? 'too' : 'not: its token is refused all the same'}`, async () => {
      const { get, putJson, putStream } = clientOf(rig)
      rig.end()
      await putJson(rig.api)
      expect(rig.requests()).toBe(1)
      rig.end()
      const stream = putStream(rig.api)
      if (sendsStreamsAgain) await stream
      else await expect(stream).rejects.toThrow('401')
      await get(rig.api)
      expect(rig.requests()).toBe(2)
    })

    test('no token elsewhere, neither at once nor after a redirect, and nothing in the place of one that is given', async () => {
      const seen: string[] = []
      const other = await startApi(({ header }) => {
        seen.push(header('authorization'))
        return { status: 200 }
      })
      const location = other.url.replace('127.0.0.1', 'localhost')
      const first = await startApi(({ path, header }) => {
        if (path === '/') return { status: 302, headers: { location } }
        seen.push(header('authorization'))
        return { status: 200 }
      })
      const { get } = open({ tokens: rig.tokens, origins: [first.url] })
      await get(other.url)
      await get(first.url)
      await get(`${first.url}/own`, { authorization: 'Basic abc' })
      expect(seen).toEqual(['', '', 'Basic abc'])
      await Promise.all([first.close(), other.close()])
    })
  })
})

test("what axios' caller gets has no token in it", async () => {
  const rig = await openRig()
  const [token] = rig.secrets()
  const answer = await axios.get(rig.api, {
    adapter: axiosAdapter({ tokens: rig.tokens, origins: [rig.api], adapter: axios.getAdapter('http') }),
  })
  expect(JSON.stringify(answer.config)).not.toContain(token)
  expect(inspect(answer)).not.toContain(token)
  await rig.close()
})
