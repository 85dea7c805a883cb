import { kyFetch } from '../src/ky.js'
import { hostOf } from './support/hostOf.js'
import { openRig, type Rig } from './support/rig.js'
import { startApi } from './support/startApi.js'
import { testAdapter } from './support/testAdapter.js'

const { default: ky } = hostOf<typeof import('ky')>('ky')
const clientOf = ({ tokens, api }: Rig) => ky.create({ timeout: false, fetch: kyFetch({ tokens, origins: [api] }) })

testAdapter('ky', (rig) => {
  const api = clientOf(rig)
  return { use: () => api.get(rig.api).json() }
})

describe('ky sends', () => {
  let rig: Rig
  beforeEach(async () => {
    rig = await openRig()
  })
  afterEach(() => rig.close())

  test('any body again', async () => {
    rig.end()
    expect((await clientOf(rig).put(rig.api, { json: { name: 'a' } })).status).toBe(200)
    rig.end()
    const body = new Blob(['{}']).stream()
    expect((await clientOf(rig).put(rig.api, { body })).status).toBe(200)
    expect(rig.requests()).toBe(2)
  })

  test('no token elsewhere, neither at once nor after a redirect, and nothing in the place of one that is given', async () => {
    const seen: string[] = []
    const other = await startApi(({ header }) => {
      seen.push(header('authorization'))
      return { status: 200 }
    })
    const first = await startApi(() => ({ status: 302, headers: { location: other.url } }))
    const api = ky.create({ fetch: kyFetch({ tokens: rig.tokens, origins: [first.url] }) })
    await api(other.url)
    await api(first.url)
    await api(other.url, { headers: { authorization: 'Basic abc' } })
    expect(seen).toEqual(['', '', 'Basic abc'])
    await Promise.all([first.close(), other.close()])
  })
})
