import { AuthError, Secret, type TokenSet, type TokenSource } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { AuthServer } from './authServer.js'
import type { Judge } from './judge.js'
import type { ProcessAct } from './Plan.js'
import type { Process } from './processes.js'
import type { Asked } from './sessions.js'

/** What an act has to do with the world around it. */
export interface ActParts {
  readonly judge: Judge
  readonly server: AuthServer
  /** The token of the beginning. */
  readonly first: TokenSet
  readonly tell: (line: () => string) => void
}

const showResult = (result: E.Either<AuthError, unknown>): string => {
  if (E.isLeft(result)) return AuthError.show.show(result.left)
  const { right } = result
  const access = typeof right === 'object' && right !== null && 'accessToken' in right ? right.accessToken : undefined
  return Secret.is(access) ? Secret.open(access) : typeof right === 'string' ? right : 'done'
}

/** What one process can be asked. */
export const makeActs = (process: Process, source: TokenSource, { judge, server, first, tell }: ActParts) => {
  let last = first.accessToken

  const begin = <A>(
    what: string,
    task: TaskEither<AuthError, A>,
    then: (result: E.Either<AuthError, A>) => void = () => undefined,
  ): void => {
    process.open++
    tell(() => `${process.name} ${what}`)
    const ended = (result: E.Either<AuthError, A>): void => {
      process.open--
      tell(() => `${process.name} is answered: ${showResult(result)}`)
      then(result)
    }
    task().then(ended, () => {
      process.open--
      judge.violated('every call settles', `${process.name} ${what}, which throws`)
    })
  }

  const given = (result: E.Either<AuthError, TokenSet>): void => {
    if (E.isRight(result)) last = result.right.accessToken
  }
  /** Asks for a new session by a token of its own. */
  const beginning = (what: string, asked: Asked, task: TaskEither<AuthError, TokenSet>): void => {
    const judged = judge.asks(process)
    begin(what, task, (result) => {
      judged(result)
      given(result)
      if (E.isRight(result) && Secret.open(result.right.accessToken) === asked.access) judge.done(asked)
    })
  }

  const acts: Readonly<Record<ProcessAct, IO<void>>> = {
    ask: () => {
      const judged = judge.asks(process)
      begin('asks for a token', source.get, (result) => {
        judged(result)
        given(result)
      })
    },
    login: () => {
      const asked = judge.begins(process, 'login')
      beginning('lets a person log in', asked, source.login<unknown>(server.loginOf(process, asked))({}))
    },
    adopt: () => {
      const asked = judge.begins(process, 'adopt')
      beginning('is handed a token', asked, source.adopt(server.grant(process, asked)))
    },
    refuse: () => {
      const access = last
      begin(`refuses ${Secret.open(access)}`, source.invalidate(access), (result) => {
        if (E.isRight(result)) judge.refused(process, Secret.open(access))
      })
    },
    revoke: () => {
      const asked = judge.begins(process, 'revoke')
      begin('revokes the session', source.revoke, (result) => {
        if (E.isLeft(result)) return
        judge.revoked(process)
        judge.done(asked)
      })
    },
    close: () => begin('closes', source.close()),
  }
  return acts
}
