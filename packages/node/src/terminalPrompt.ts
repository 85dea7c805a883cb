/**
 * The prompt capability over a terminal.
 *
 * @packageDocumentation
 */
import { StringDecoder } from 'node:string_decoder'
import { AuthError, type Prompt, type Question, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { after } from './internal/timer.js'

type Answer = E.Either<AuthError, Secret<'Answer'>>

/** The parameters of {@link terminalPrompt}. */
export interface TerminalOptions {
  /** Where the answer is typed. Default: the process's standard input. */
  readonly input?: NodeJS.ReadStream
  /** Where the question is shown. Default: standard error, so that standard output stays clean. */
  readonly output?: NodeJS.WritableStream
}

/**
 * Asks on the terminal, one question at a time; what is typed is not echoed, and the terminal is restored however the
 * question ends. Return ends the answer, Ctrl-D too; Ctrl-C is `Aborted`; the deadline is `TimedOut`.
 *
 * Where the input is no terminal (a pipe, a file), one line is read and nothing is shown. The lines after it stay there for
 * the next question.
 *
 * @example
 * import { terminalPrompt } from '@tessera/node'
 *
 * assert.strictEqual(typeof terminalPrompt().ask, 'function')
 */
export const terminalPrompt = ({ input, output }: TerminalOptions = {}): Prompt => {
  let turn: Promise<void> = Promise.resolve()
  return {
    ask: (question) => () =>
      new Promise((resolve) => {
        let stopReading = () => {}
        let settled = false
        const settle = (answer: Answer) => {
          if (settled) return
          settled = true
          cancel()
          question.signal.removeEventListener('abort', onAbort)
          stopReading()
          resolve(answer)
        }
        const onAbort = () => settle(E.left(AuthError.aborted))
        const onDeadline = () => settle(E.left(AuthError.timedOut('an answer at the terminal')))
        const cancel = after(Math.max(0, question.deadline - Date.now()), onDeadline)
        question.signal.addEventListener('abort', onAbort, { once: true })
        if (question.signal.aborted) return onAbort()
        turn = turn.then(
          () =>
            new Promise((done) => {
              if (settled) return done()
              const stop = read(input ?? process.stdin, output ?? process.stderr, question, settle)
              stopReading = () => {
                stop()
                done()
              }
              // The input had ended: it was settled before there was anything to stop.
              if (settled) stopReading()
            }),
        )
      }),
  }
}

const CONTROL_C = '\u0003'
const CONTROL_D = '\u0004'

/** Reads one line, and answers how to stop. */
const read = (
  input: NodeJS.ReadStream,
  output: NodeJS.WritableStream,
  { message }: Question,
  settle: (answer: Answer) => void,
): (() => void) => {
  const decoder = new StringDecoder('utf8')
  let typed = ''
  const end = () => settle(E.right(Secret.make('Answer', typed)))
  const onData = (data: Buffer | string) => {
    const characters = Array.from(typeof data === 'string' ? data : decoder.write(data))
    for (const [at, character] of characters.entries()) {
      if (character === '\n' || character === '\r' || (input.isTTY && character === CONTROL_D)) {
        const next = character === '\r' && characters[at + 1] === '\n' ? at + 2 : at + 1
        end()
        if (next < characters.length) input.unshift(Buffer.from(characters.slice(next).join('')))
        return
      }
      if (input.isTTY && character === CONTROL_C) return settle(E.left(AuthError.aborted))
      if (input.isTTY && (character === '\u007f' || character === '\b')) typed = typed.slice(0, -1)
      else typed += character
    }
  }
  if (input.isTTY) {
    // First, so that what is typed at the first sight of the question is not echoed.
    input.setRawMode(true)
    output.write(message)
  }
  input.on('data', onData).on('end', end).on('error', end)
  if (input.readableEnded || input.destroyed) end()
  else input.resume()
  return () => {
    input.off('data', onData).off('end', end).off('error', end).pause()
    if (input.isTTY) {
      input.setRawMode(false)
      output.write('\n')
    }
  }
}
