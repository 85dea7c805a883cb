/**
 * The prompt capability over a terminal.
 *
 * @packageDocumentation
 */
import { AuthError, type Clock, type Prompt, type Question, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { after } from './internal/timer.js'
import { systemClock } from './systemClock.js'

type Answer = E.Either<AuthError, Secret<'Answer'>>

/** The parameters of {@link terminalPrompt}. */
export interface TerminalOptions {
  /** Where the answer is typed. Default: the process's standard input. */
  readonly input?: NodeJS.ReadStream
  /** Where the question is shown. Default: standard error, so that standard output stays clean. */
  readonly output?: NodeJS.WritableStream
  /** By which the deadlines of the questions were computed. Default: the system's. */
  readonly clock?: Clock
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
export const terminalPrompt = ({ input, output, clock = systemClock }: TerminalOptions = {}): Prompt => {
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
        const cancel = after(Math.max(0, question.deadline - clock.now()), onDeadline)
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

const CONTROL_C = 0x03
const CONTROL_D = 0x04
const BACKSPACE = 0x08
const LINE_FEED = 0x0a
const RETURN = 0x0d
const DELETE = 0x7f

/** Takes the last character off: a byte, and in UTF-8 the bytes that continue one. */
const erase = (typed: number[]): void => {
  let byte = typed.pop()
  while (byte !== undefined && (byte & 0xc0) === 0x80) byte = typed.pop()
}

/** Reads one line, and answers how to stop. */
const read = (
  input: NodeJS.ReadStream,
  output: NodeJS.WritableStream,
  { message }: Question,
  settle: (answer: Answer) => void,
): (() => void) => {
  const typed: number[] = []
  const end = () => settle(E.right(Secret.make('Answer', Buffer.from(typed).toString())))
  const onData = (data: Buffer | string) => {
    const bytes = Buffer.from(data)
    for (const [at, byte] of bytes.entries()) {
      if (byte === LINE_FEED || byte === RETURN || (input.isTTY && byte === CONTROL_D)) {
        const rest = bytes.subarray(byte === RETURN && bytes[at + 1] === LINE_FEED ? at + 2 : at + 1)
        end()
        // For the next question, in the form in which it came.
        if (rest.length > 0) input.unshift(typeof data === 'string' ? rest.toString() : rest)
        return
      }
      if (input.isTTY && byte === CONTROL_C) return settle(E.left(AuthError.aborted))
      if (input.isTTY && (byte === DELETE || byte === BACKSPACE)) erase(typed)
      else typed.push(byte)
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
    // Node starts to read ahead after it emitted data, although the stream was paused meanwhile: an open pipe would keep the
    // process alive. A second pause, once that has happened, ends it.
    process.nextTick(() => {
      if (input.isPaused()) input.resume().pause()
    })
    if (input.isTTY) {
      input.setRawMode(false)
      output.write('\n')
    }
  }
}
