import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import axios, { type AxiosInstance } from 'axios'
import { axiosAdapter } from '../src/axios.js'
import { openRig, type Rig } from './support/rig.js'
import { startApi } from './support/startApi.js'
import { testAdapter } from './support/testAdapter.js'

const clientOf = ({ tokens, api }: Rig, sender: 'http' | 'fetch' = 'http'): AxiosInstance =>
  axios.create({
    baseURL: api,
    httpAgent: new Agent({ keepAlive: true, maxSockets: 32 }),
    adapter: axiosAdapter({ tokens, origins: [api], adapter: axios.getAdapter(sender) }),
  })

testAdapter('axios', (rig) => {
  const api = clientOf(rig)
  return { use: () => api.get('/me') }
})

describe('axios sends', () => {
  let rig: Rig
  beforeEach(async () => {
    rig = await openRig()
  })
  afterEach(() => rig.close())

  test.each(['http', 'fetch'] as const)('a body again, and a stream not, by its adapter %s', async (sender) => {
    rig.end()
    expect((await clientOf(rig, sender).put('/file', { name: 'a' })).status).toBe(200)
    rig.end()
    const stream = Readable.from(['{}'])
    const body = sender === 'http' ? stream : Readable.toWeb(stream)
    await expect(clientOf(rig, sender).put('/file', body)).rejects.toMatchObject({ response: { status: 401 } })
    expect(rig.requests()).toBe(1)
    await clientOf(rig, sender).get('/me')
    expect(rig.requests()).toBe(2)
  })

  test('no token elsewhere, neither at once nor after a redirect, and nothing in the place of one that is given', async () => {
    const seen: string[] = []
    const other = await startApi(({ header }) => {
      seen.push(header('authorization'))
      return { status: 200 }
    })
    const first = await startApi(() => ({
      status: 302,
      headers: { location: other.url.replace('127.0.0.1', 'localhost') },
    }))
    const adapter = axiosAdapter({ tokens: rig.tokens, origins: [first.url], adapter: axios.getAdapter('http') })
    const api = axios.create({ baseURL: first.url, adapter })
    await api.get(other.url)
    await api.get('/')
    await api.get(other.url, { headers: { authorization: 'Basic abc' } })
    expect(seen).toEqual(['', '', 'Basic abc'])
    await Promise.all([first.close(), other.close()])
  })

  test('what a caller gets has no token in it', async () => {
    const [token] = rig.secrets()
    const answer = await clientOf(rig).get('/me')
    expect(JSON.stringify(answer.config)).not.toContain(token)
    expect(inspect(answer)).not.toContain(token)
  })
})
