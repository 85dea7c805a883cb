/**
 * One process of a fleet that shares a rotating token through Postgres: `node memberProcess.js URL WAY`. It is told a key, and makes
 * itself ready; at `go` it needs a token, and it answers when it has one.
 */
import { AuthError, instant, Secret, Strategy, seconds, TokenSet, TokenSource } from '@tessera/core'
import { nodeEnv, openSource, run } from '@tessera/node'
import { pgPool, sqlStore } from '@tessera/store-sql'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, Pool, type PoolClient } from 'pg'
import { rawClient, refreshing } from '../floor.js'
import { isRecord } from '../isRecord.js'
import { type Get, isMessage, type MemberWay, type Message } from './Message.js'
import { advisoryLock, rowLock } from './ways.js'

const [, , connectionString = '', way = ''] = process.argv
const pool = new Pool({ connectionString, max: 2 })
pool.on('error', () => undefined)
const env = nodeEnv()

/** The request is the same for all, and as cheap as can be. */
const redeem = async (tokenEndpoint: string, old: string) => {
  const client = await rawClient(tokenEndpoint, refreshing(old))
  try {
    const answer = await client.post()
    if (!isRecord(answer)) throw new Error('no token')
    const { access_token: access, refresh_token: refresh } = answer
    if (typeof access !== 'string' || typeof refresh !== 'string') throw new Error('no token')
    return { access, refresh }
  } finally {
    client.close()
  }
}

const HOUR = 3_600_000

interface Saved {
  readonly access: string
  readonly refresh: string
  /** In ms; the driver gives large numbers as texts. */
  readonly expires_at: string
}

/** Lock, look again, redeem, write, unlock. */
const behindLock =
  (lock: (client: PoolClient, key: string) => Promise<unknown>) =>
  async ({ key, tokenEndpoint }: Message): Promise<Get> =>
  async () => {
    const client = await pool.connect()
    try {
      await client.query('begin')
      await lock(client, key)
      const { rows } = await client.query<Saved>('select access, refresh, expires_at from locked where key = $1', [key])
      const [there] = rows
      if (there === undefined) throw new Error('no record')
      if (Number(there.expires_at) > Date.now()) return there.access
      const { access, refresh } = await redeem(tokenEndpoint, there.refresh)
      await client.query('update locked set access = $2, refresh = $3, expires_at = $4 where key = $1', [
        key,
        access,
        refresh,
        Date.now() + HOUR,
      ])
      return access
    } finally {
      await client.query('commit')
      client.release()
    }
  }

/** A source, which has seen the token that has expired. */
const tessera = (notify: boolean) => {
  const listener = () => new Client({ connectionString })
  const store = sqlStore(pgPool(pool, notify ? { listener } : {}), {
    commandTimeout: seconds(10),
    wakeups: { notify },
  })
  /** That of the round before: nobody hears of its session any more. */
  let before: TokenSource | undefined
  return async ({ key, tokenEndpoint }: Message): Promise<Get> => {
    const strategy = Strategy.make(
      { needsRefreshToken: true },
      ({ previous }) =>
        () =>
          TE.tryCatch(
            async () => {
              if (O.isNone(previous) || O.isNone(previous.value.refreshToken)) throw new Error('nothing to redeem')
              const saved = await redeem(tokenEndpoint, Secret.open(previous.value.refreshToken.value))
              return TokenSet.make(Secret.make('AccessToken', saved.access), {
                refreshToken: O.some(Secret.make('RefreshToken', saved.refresh)),
                expiresAt: O.some(instant(Date.now() + HOUR)),
              })
            },
            () => AuthError.notApplicable('the request failed'),
          ),
    )
    if (before !== undefined) await run(before.close())
    const source = openSource(TokenSource.make({ store, key })(strategy), env)
    before = source
    await run(source.inspect)
    return async () => Secret.open((await run(source.get)).accessToken)
  }
}

const WAYS: Readonly<Record<MemberWay, () => (message: Message) => Promise<Get>>> = {
  polling: () => tessera(false),
  listening: () => tessera(true),
  'for update': () => behindLock(rowLock),
  advisory: () => behindLock(advisoryLock),
}

const isWay = (text: string): text is MemberWay => Object.hasOwn(WAYS, text)

const tell = (message: unknown): void => {
  process.send?.(message)
}

const answering = (prepare: (message: Message) => Promise<Get>): ((message: unknown) => Promise<void>) => {
  let get: Get = () => Promise.reject(new Error('not ready'))
  return async (message) => {
    try {
      if (isMessage(message)) {
        get = await prepare(message)
        tell('ready')
      } else {
        tell({ access: await get() })
      }
    } catch (error) {
      tell({ error: String(error) })
    }
  }
}

if (!isWay(way)) throw new Error(`there is no way ${way}`)
const answer = answering(WAYS[way]())
process.on('message', (message) => void answer(message))
process.once('disconnect', () => process.exit())
tell('ready')
