/**
 * The status page of a broker that runs: how it is opened, and what its button does.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { request } from 'node:http'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Broker, type Refusal, refusal } from '@tessera/broker'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as J from 'fp-ts/lib/Json.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { Invocation } from '../invocation.js'

/** Logins that were begun from the page. */
export interface Logins {
  readonly begin: (profile: string) => TE.TaskEither<Refusal, void>
  readonly end: IO<void>
}

/** Each is the command that a person would type, in a process of its own: it opens the browser. There is one of a profile at a time. */
export const makeLogins = ({ shared, variables }: Invocation, broker: Broker): Logins => {
  const running = new Map<string, ChildProcess>()
  const start = (profile: string): void => {
    if (running.has(profile)) return
    const which = shared.config === undefined ? ['--profile', profile] : ['--config', shared.config]
    const child = spawn(process.execPath, [resolve(process.argv[1] ?? ''), 'login', ...which], {
      stdio: 'ignore',
      env: variables,
    })
    running.set(profile, child)
    const over = (): void => {
      running.delete(profile)
      broker.events.note(profile, 'login_ended')
    }
    child.once('error', over).once('exit', over)
  }
  return {
    begin: (profile) =>
      pipe(
        broker.sessions.open(O.some(profile)),
        TE.filterOrElse(
          ({ canLogIn = false }) => canLogIn,
          () => refusal('invalid_request', 'nobody logs in to this profile'),
        ),
        TE.map(() => start(profile)),
      ),
    end: () => {
      for (const child of running.values()) child.kill()
    },
  }
}

const Link = t.type({ url: t.string })

/** A link to the page of a broker that runs, from its socket; none where it has no page. */
export const linkOf =
  (socketPath: string): Task<O.Option<string>> =>
  () =>
    new Promise((done) => {
      request({ socketPath, method: 'POST', path: '/page', agent: false, headers: { host: 'broker' } }, (response) => {
        text(response).then(
          (said) =>
            done(
              pipe(
                J.parse(said),
                O.fromEither,
                O.filter(Link.is),
                O.map(({ url }) => url),
              ),
            ),
          () => done(O.none),
        )
      })
        .once('error', () => done(O.none))
        .end()
    })
