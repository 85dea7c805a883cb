/**
 * The sessions of profiles, kept open while a broker runs.
 */
import { statSync } from 'node:fs'
import { type OpenSession, refusal, refusalOf, type Sessions, unknownProfile } from '@tessera/broker'
import type { AuthError, SourceEvent } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { ExitCode } from '../exitCode.js'
import { commandLine, type Invocation } from '../invocation.js'
import { fileOf, type Named, type Profile, profileFile, readProfileOf, refuseWritable } from '../profile.js'
import { profileNames } from '../profileNames.js'
import type { Problem } from '../report.js'
import { closeSession, openSession, type Session } from '../session.js'

/** What a program that was refused is to do next is to be typed by a person. */
const COMMAND = 'token'

/** The invocation that a person would give for one profile. */
export const ofProfile = (invocation: Invocation, name: string): Invocation =>
  invocation.shared.config === undefined
    ? { ...invocation, shared: { ...invocation.shared, profile: name } }
    : invocation

/** A session, and the version of the profile's file that it is of. */
interface Kept {
  readonly version: string
  readonly session: Promise<E.Either<Problem, Session>>
}

/** The version of a file; none where there is no such. */
const versionOf = (file: string): string | undefined => {
  const found = statSync(file, { throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.ino} ${found.mtimeMs} ${found.size}`
}

const issuerOf = ({ provider }: Profile): O.Option<string> =>
  provider._tag === 'OAuth' ? provider.server.issuer : O.none

export interface ProfileSessions extends Sessions {
  readonly close: T.Task<void>
}

const explained =
  ({ problem }: Session) =>
  (error: AuthError) => {
    const { what, next } = problem(error)
    return { ...refusalOf(error), description: what, next }
  }

/** Of these profiles, or of all where none is named. One whose file is written anew is opened anew. */
export const profileSessions = (
  invocation: Invocation,
  profiles: ReadonlyArray<string>,
  observe: (profile: string, event: SourceEvent) => void,
): ProfileSessions => {
  const kept = new Map<string, Kept>()
  const end = (of: Kept): Promise<unknown> =>
    of.session.then((session) => (E.isRight(session) ? closeSession(session.right)() : undefined))

  const named = (name: string): E.Either<Problem, Named> =>
    invocation.shared.config === undefined ? fileOf(invocation, name) : profileFile(invocation)

  const opening = (at: Named): TE.TaskEither<Problem, Session> => {
    const { name } = at
    const own = ofProfile(invocation, name)
    return pipe(
      refuseWritable(own, COMMAND, at),
      TE.flatMap(() => readProfileOf(own, COMMAND, at)),
      TE.flatMap((profile) =>
        openSession(own, COMMAND, profile, { renewal: 'background', observe: (event) => observe(name, event) }),
      ),
    )
  }

  const open = (at: Named): Promise<E.Either<Problem, Session>> | undefined => {
    const version = versionOf(at.file)
    const before = kept.get(at.name)
    if (before?.version === version) return before?.session
    if (before !== undefined) {
      kept.delete(at.name)
      void end(before)
    }
    if (version === undefined) return undefined
    const session = opening(at)()
    const fresh = { version, session }
    kept.set(at.name, fresh)
    // What could not be opened may be another time, with a store that is back.
    void session.then((opened) => {
      if (E.isLeft(opened) && kept.get(at.name) === fresh) kept.delete(at.name)
    })
    return session
  }

  const names: T.Task<ReadonlyArray<string>> = profiles.length > 0 ? T.of(profiles) : profileNames(invocation.variables)

  const usual = (): string =>
    profiles[0] ??
    pipe(
      profileFile(invocation),
      E.match(
        () => '',
        ({ name }) => name,
      ),
    )

  return {
    names,
    open: (asked) => async () => {
      const name = O.getOrElse(usual)(asked)
      const at = named(name)
      const add = `${invocation.self} profile add ${E.isRight(at) ? name : 'NAME'} …`
      const isServed = profiles.length === 0 || profiles.includes(name)
      const session = isServed && E.isRight(at) ? await open(at.right) : undefined
      if (session === undefined) return E.left(unknownProfile(name, isServed ? add : undefined))
      return pipe(
        session,
        E.bimap(
          ({ exit, what, next }) => refusal(exit === ExitCode.store ? 'store_failed' : 'misconfigured', what, { next }),
          (opened): OpenSession => ({
            profile: name,
            issuer: O.toUndefined(issuerOf(opened.profile)),
            canLogIn: opened.profile.principal._tag === 'Login',
            source: opened.source,
            explain: explained(opened),
          }),
        ),
      )
    },
    ofIssuer: (issuer) => async () => {
      const meant = (profile: Profile): boolean =>
        pipe(
          issuerOf(profile),
          O.exists((of) => of.replace(/\/$/, '') === issuer.replace(/\/$/, '')),
        )
      for (const name of await names()) {
        const at = named(name)
        const profile = E.isRight(at) ? await readProfileOf(ofProfile(invocation, name), COMMAND, at.right)() : at
        if (E.isRight(profile) && meant(profile.right)) return O.some(name)
      }
      return O.none
    },
    close: async () => {
      const all = [...kept.values()]
      kept.clear()
      await Promise.all(all.map(end))
    },
  }
}

/** The command that serves these profiles. */
export const serveCommand = (invocation: Invocation, profiles: ReadonlyArray<string>): string => {
  const [first, ...more] = profiles
  const one = first === undefined ? invocation : ofProfile(invocation, first)
  return [commandLine(one, 'serve'), ...more.map((name) => `--profile ${name}`)].join(' ')
}
