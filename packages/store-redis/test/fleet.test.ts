/** Processes that share one session through one Redis, with either client. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { instant, Secret } from '@tessera/core'
import { servers } from '@tessera/local-redis'
import { modelServer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describeRedis } from './support/describeRedis.js'

const open = (secret: O.Option<Secret>): string => (O.isSome(secret) ? Secret.open(secret.value) : '')

describeRedis('a fleet', () => {
  test.each([2, 4])(
    '%d processes that need a token at once send one request, and exit by themselves',
    async (count) => {
      const all = servers()
      const { port } = await all.start()
      const model = modelServer({
        mode: { _tag: 'Strict', killsFamily: true },
        clock: { now: () => instant(Date.now()) },
      })
      const refreshToken = open(model.login().refreshToken)
      let requests = 0
      const http = createServer(async (request, response) => {
        requests++
        const result = model.redeem(Secret.make('RefreshToken', await text(request)))()
        // Long enough for the others to come.
        await delay(50)
        if (E.isLeft(result)) {
          response.writeHead(400).end()
          return
        }
        const { accessToken, refreshToken, expiresAt } = result.right
        const expires = O.isSome(expiresAt) ? expiresAt.value : 0
        const answer = { access: Secret.open(accessToken), refresh: open(refreshToken), expiresAt: expires }
        response.end(JSON.stringify(answer))
      }).listen(0, '127.0.0.1')
      await once(http, 'listening')
      const address = http.address()
      const url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''

      const fleet = Array.from({ length: count }, (_, number) => {
        const config = { client: number % 2 === 0 ? 'ioredis' : '@redis/client', port, server: url, refreshToken }
        const child = spawn(process.execPath, [join(__dirname, 'support', 'process.mjs'), JSON.stringify(config)], {
          stdio: ['pipe', 'pipe', 'inherit'],
        })
        return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), exit: once(child, 'exit') }
      })
      const next = () => Promise.all(fleet.map(async ({ lines }) => (await lines.next()).value))

      expect(await next()).toEqual(fleet.map(() => 'ready'))
      for (const { child } of fleet) child.stdin.write('go\n')
      expect(await next()).toEqual(fleet.map(() => 'access-2'))
      expect(await Promise.all(fleet.map(async ({ exit }) => (await exit)[0]))).toEqual(fleet.map(() => 0))
      expect(requests).toBe(1)
      expect(model.counts()).toMatchObject({ redeemed: 1, repeated: 0 })
      http.close()
      await all.stop()
    },
  )
})
