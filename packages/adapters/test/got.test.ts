import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import { gotHooks } from '../src/got.js'
import { hostOf } from './support/hostOf.js'
import { openRig, type Rig } from './support/rig.js'
import { startApi } from './support/startApi.js'
import { testAdapter } from './support/testAdapter.js'

const { got } = hostOf<typeof import('got')>('got')
const agent = { http: new Agent({ keepAlive: true, maxSockets: 32 }) }
const clientOf = ({ tokens, api }: Rig) => got.extend({ agent }, gotHooks({ tokens, origins: [api] }))

testAdapter('got', (rig) => {
  const api = clientOf(rig)
  return { use: () => api(rig.api).json() }
})

describe('got sends', () => {
  let rig: Rig
  beforeEach(async () => {
    rig = await openRig()
  })
  afterEach(() => rig.close())

  test('a body again, and a stream not: its token is refused all the same', async () => {
    rig.end()
    expect((await clientOf(rig).put(rig.api, { json: { name: 'a' } })).statusCode).toBe(200)
    rig.end()
    const stream = clientOf(rig).put(rig.api, { body: Readable.from(['{}']) })
    await expect(stream).rejects.toMatchObject({ response: { statusCode: 401 } })
    expect(rig.requests()).toBe(1)
    await clientOf(rig)(rig.api)
    expect(rig.requests()).toBe(2)
  })

  test('no token elsewhere, neither at once nor after a redirect, and nothing in the place of one that is given', async () => {
    const seen: string[] = []
    const other = await startApi(({ header }) => {
      seen.push(header('authorization'))
      return { status: 200 }
    })
    const first = await startApi(() => ({ status: 302, headers: { location: other.url } }))
    const api = got.extend(gotHooks({ tokens: rig.tokens, origins: [first.url] }))
    await api(other.url)
    await api(first.url)
    await api(other.url, { headers: { authorization: 'Basic abc' } })
    expect(seen).toEqual(['', '', 'Basic abc'])
    await Promise.all([first.close(), other.close()])
  })
})
