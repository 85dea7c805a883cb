/**
 * What may become text of a value: in a log, a template, a crash.
 */
import { inspect } from 'node:util'
import { AuthError, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'

const shown = (value: unknown): string => inspect(value, { depth: 20, showHidden: true, maxStringLength: null })

const inTemplate = (value: unknown): string => {
  try {
    return String(value)
  } catch {
    // An object without a prototype.
    return ''
  }
}

/** A value as `inspect`, JSON and a template show it; an error with its stack and causes. */
export const printed = (value: unknown): string => `${shown(value)}\n${JSON.stringify(value)}\n${inTemplate(value)}`

/** The same of an outcome; of an error also in the words for people, and as what a promise rejects with. */
export const printedResult = (result: E.Either<AuthError, unknown>): string =>
  E.isRight(result)
    ? printed(result.right)
    : `${printed(result.left)}\n${AuthError.show.show(result.left)}\n${printed(AuthError.toError(result.left))}`

/** Whether any of the secrets is in a text, in any form that it is known by. */
export const showing = (secrets: ReadonlyArray<string>): ((text: string) => boolean) => {
  const forms = secrets.flatMap(Secret.forms)
  return (text) => forms.some((form) => text.includes(form))
}
