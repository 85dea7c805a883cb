/**
 * Processes that need the same token at the same moment.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { absent, CellCodec, instant, Lifecycle, Secret, TokenSet } from '@tessera/core'
import { ioRedis, redisStore } from '@tessera/store-redis'
import type { Server } from '@tessera/trials'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { Redis } from 'ioredis'
import { BUSY } from '../busy.js'
import { isRecord } from '../isRecord.js'
import { FIRST_REFRESH_TOKEN, type ServerSession } from '../server/TokenServer.js'
import type { Saved, Way } from './Member.js'

const PROCESS = fileURLToPath(new URL('../../dist/fleet/memberProcess.js', import.meta.url))

/** What one round found. */
export interface Round {
  /** Until the last had its token, in ms. */
  readonly elapsed: number
  /** How many got none, or another one. */
  readonly failures: number
}

export interface Members {
  /** Puts an expired token into Redis, and makes all ready; `go` lets them need one. */
  readonly ready: (way: Way, session: ServerSession) => Promise<{ readonly go: () => Promise<Round> }>
  readonly close: () => Promise<void>
}

export const startMembers = async (server: Server, count: number): Promise<Members> => {
  const redis = new Redis(server.port, '127.0.0.1')
  const store = redisStore(ioRedis(redis))
  const answer = async (child: ChildProcess): Promise<unknown> => {
    const [message]: ReadonlyArray<unknown> = await once(child, 'message')
    return message
  }
  const children = Array.from({ length: count }, () => fork(PROCESS, [String(server.port)], { execArgv: BUSY }))
  const areReady = (answers: ReadonlyArray<unknown>): void => {
    const other = answers.find((said) => said !== 'ready')
    if (other !== undefined) throw new Error(`a process is not ready: ${JSON.stringify(other)}`)
  }
  areReady(await Promise.all(children.map(answer)))

  const save = async (way: Way, key: string): Promise<void> => {
    const expiresAt = Date.now() - 1_000
    if (!way.startsWith('tessera')) {
      const saved: Saved = { access: 'old', refresh: FIRST_REFRESH_TOKEN, expiresAt }
      await redis.set(key, JSON.stringify(saved))
      return
    }
    const token = TokenSet.make(Secret.make('AccessToken', 'old'), {
      refreshToken: O.some(Secret.make('RefreshToken', FIRST_REFRESH_TOKEN)),
      expiresAt: O.some(instant(expiresAt)),
    })
    const cell = { ...Lifecycle.empty, epoch: 1, generation: 1, token: O.some(token) }
    const written = await store.compareAndSet(key, absent, { version: '1', record: CellCodec.encode(cell) })()
    if (E.isLeft(written)) throw new Error('Redis took no record')
  }

  let rounds = 0
  return {
    ready: async (way, { tokenEndpoint }) => {
      const key = `fleet ${++rounds}`
      await save(way, key)
      const ready = Promise.all(children.map(answer))
      for (const [number, child] of children.entries()) child.send({ way, number, key, tokenEndpoint })
      areReady(await ready)
      return {
        go: async () => {
          const startedAt = performance.now()
          const answers = Promise.all(children.map(answer))
          for (const child of children) child.send('go')
          const tokens = (await answers).map((said) => (isRecord(said) ? said['access'] : undefined))
          const elapsed = performance.now() - startedAt
          const [first] = tokens
          const isWrong = (token: unknown): boolean => typeof token !== 'string' || token === 'old' || token !== first
          return { elapsed, failures: tokens.filter(isWrong).length }
        },
      }
    },
    close: async () => {
      const ended = Promise.all(children.map((child) => once(child, 'exit')))
      for (const child of children) child.disconnect()
      await ended
      redis.disconnect()
    },
  }
}
