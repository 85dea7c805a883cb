import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthError, type Next, Secret, type Stamped } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'

const made: string[] = []
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/** A folder that ends with the test file. */
export const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-store-file-'))
  made.push(folder)
  return folder
}

export const next = (version: string, record = `record of ${version}`): Next => ({
  version,
  record: Secret.make('Record', record),
})

export const right = <A>(result: E.Either<AuthError, A>): A => {
  if (E.isLeft(result)) throw AuthError.toError(result.left)
  return result.right
}

/** What a store answered, as text: the version there and its record, or why not. */
export const told = (result: E.Either<AuthError, Stamped>): string =>
  E.isLeft(result)
    ? AuthError.show.show(result.left)
    : `${result.right.version}: ${O.isSome(result.right.record) ? Secret.open(result.right.record.value) : 'nothing'}`

export const whyNot = (result: E.Either<AuthError, unknown>): string =>
  E.isLeft(result) ? AuthError.show.show(result.left) : 'no error'
