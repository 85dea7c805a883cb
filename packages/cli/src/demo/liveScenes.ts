/**
 * The first steps of the tour at a server of the user's own: nothing of it can be moved or broken, so these only ask.
 */
import * as Box from '@tessera/box'
import { memoryStore, millis, Secret, TokenSource } from '@tessera/core'
import { authenticatedFetch, type NodeEnv, run } from '@tessera/node'
import type { Client } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Acquisition } from '../session.js'
import { check, counted, figure, type Scene } from './Scene.js'

export interface LiveWorld extends Acquisition {
  readonly client: Client
  readonly api: string
  readonly env: NodeEnv
  /** Requests that this process sent to the authorization server so far. */
  readonly requests: () => number
}

const open = ({ strategy, client, env }: LiveWorld): TokenSource =>
  pipe(
    strategy,
    TokenSource.make({ store: memoryStore(), revocation: Box.revocation({ client }), minimumAge: millis(0) }),
  )(env)()

const token: Scene<LiveWorld> = {
  title: 'a token',
  play: async (world) => {
    const source = open(world)
    const started = performance.now()
    const first = await run(source.get)
    const took = performance.now() - started
    await run(source.invalidate(first.accessToken))
    const next = await run(source.get)
    await run(source.close())
    return {
      text: `${world.presented} got one (${took.toFixed(0)} ms), then another`,
      checks: [check('the second is new', false, Secret.eq.equals(first.accessToken, next.accessToken))],
    }
  },
}

const CALLERS = 10_000

const callers: Scene<LiveWorld> = {
  title: 'ten thousand callers',
  play: async (world) => {
    const source = open(world)
    const before = world.requests()
    const results = await Promise.all(Array.from({ length: CALLERS }, () => source.get()))
    const asked = world.requests() - before
    const failures = results.filter(E.isLeft).length
    await run(source.close())
    return {
      text: `there was no token: ${figure(CALLERS)} callers, ${counted(asked, 'token request')}, ${counted(failures, 'failure')}`,
      checks: [check('token requests', 1, asked), check('failures', 0, failures)],
    }
  },
}

const api: Scene<LiveWorld> = {
  title: 'the API',
  play: async (world) => {
    const source = open(world)
    const call = authenticatedFetch({ tokens: source, origins: [new URL(world.api).origin] })
    const { status } = await call(`${world.api}/2.0/users/me`)
    await run(source.close())
    return { text: `/2.0/users/me answers ${status}`, checks: [check('status', 200, status)] }
  },
}

const downscope: Scene<LiveWorld> = {
  title: 'downscope',
  play: async (world) => {
    const source = open(world)
    const derived = TokenSource.downscoping({ exchange: Box.tokenExchange({ client: world.client }) })(source)(
      world.env,
    ).for({
      scope: [Box.scope.itemPreview],
    })
    const subject = await run(source.get)
    const less = await run(derived.get)
    await run(source.close())
    return {
      text: 'exchanged for a token that may only preview',
      checks: [check('another token', false, Secret.eq.equals(subject.accessToken, less.accessToken))],
    }
  },
}

const revoke: Scene<LiveWorld> = {
  title: 'revoke and close',
  play: async (world) => {
    const source = open(world)
    await run(source.get)
    const outcome = await run(source.revoke)
    await run(source.close())
    const closed = await source.get()
    return {
      text: `${outcome} here and at the server; then closed`,
      checks: [
        check('outcome', 'revoked', outcome),
        check('after the close', 'Closed', E.isLeft(closed) ? closed.left._tag : 'a token'),
      ],
    }
  },
}

export const liveScenes: ReadonlyArray<Scene<LiveWorld>> = [token, callers, api, downscope, revoke]
