import { nodeEnv } from '@tessera/node'
import { crowd } from '../src/crowd.js'
import { cached, expired } from '../src/ours.js'
import { startTokenServer, type TokenServer } from '../src/server/TokenServer.js'
import { startTravel } from '../src/travel.js'

const env = nodeEnv()
let server: TokenServer
beforeAll(async () => {
  server = await startTokenServer()
})
afterAll(async () => {
  await env.close()
  await server.close()
})

test('B1 a crowd at an expired token: one request, nobody fails', async () => {
  const session = server.session({ delay: 20, rotates: true })
  expect(await crowd(await expired(session, env), 10_000)).toMatchObject({ failures: 0 })
  expect(await session.counts()).toMatchObject({ requests: 1, refused: 0 })
})

test('B2 many expiries of a session whose refresh token rotates: one request each, nobody fails', async () => {
  const session = server.session({ rotates: true })
  const travel = startTravel()
  try {
    const ask = await expired(session, env)
    for (let expiry = 0; expiry < 100; expiry++) {
      travel.later()
      expect(await crowd(ask, 100)).toMatchObject({ failures: 0 })
    }
  } finally {
    travel.end()
  }
  expect(await session.counts()).toMatchObject({ requests: 100, refused: 0 })
})

test('A a cached token: no further request', async () => {
  const session = server.session()
  const ask = await cached(session, env)
  for (let call = 0; call < 1_000; call++) await ask()
  expect(await session.counts()).toMatchObject({ requests: 1 })
})
