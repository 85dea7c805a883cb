/**
 * The two streams: what was asked for goes to standard output; prompts, progress, hints and errors go to standard error.
 */
import pc from 'picocolors'
import { printable, printableJson } from './printable.js'
import { lines, type Problem, toJson } from './report.js'

/** A stream, as far as it is written to. */
export interface Sink {
  readonly write: (text: string) => unknown
  readonly isTTY?: boolean
}

/** Resolves when all that was written to a stream has gone, or nobody reads it any more. */
export const drained = (stream: NodeJS.WritableStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write('', () => resolve())
  })

export type Colors = ReturnType<typeof pc.createColors>

export interface OutputOptions {
  readonly out: Sink
  readonly err: Sink
  readonly json: boolean
  readonly quiet: boolean
  /** Whether the streams take colours. */
  readonly color: { readonly out: boolean; readonly err: boolean }
}

export interface Output {
  /** For what is said to people. */
  readonly colors: Colors
  /** For what was asked for. */
  readonly reportColors: Colors
  /** The result: the text, or with `--json` the object, alone on standard output. */
  readonly result: (text: string | undefined, json: unknown) => void
  /** The result in a form of its own, whatever `--json` says. */
  readonly raw: (text: string) => void
  /** A line of a report that grows, to standard output; with `--json`, whose object is alone there, to people. */
  readonly line: (text: string) => void
  /** To people; not with `--quiet`. What a server said goes through `printable` first, here and below. */
  readonly say: (text: string) => void
  /** To people, who cannot go on without it. */
  readonly tell: (text: string) => void
  readonly problem: (problem: Problem) => void
  /** Waits; on a terminal, says what for when it takes longer than half a second. */
  readonly during: <A>(what: string, wait: Promise<A>) => Promise<A>
  /** Everything that was written so far, to both streams. */
  readonly written: () => string
}

/** Whether a stream takes colours: a terminal that can, of a person who does not say no (no-color.org). */
export const takesColor = (sink: Sink, variables: Readonly<Record<string, string | undefined>>): boolean =>
  sink.isTTY === true && (variables['NO_COLOR'] ?? '') === '' && variables['TERM'] !== 'dumb'

const PATIENCE = 500
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME = 80
const ERASE = '\r\u001b[2K'

export const makeOutput = ({ out, err, json, quiet, color }: OutputOptions): Output => {
  const colors = pc.createColors(color.err)
  const parts: string[] = []
  const write = (sink: Sink, text: string): void => {
    parts.push(text)
    sink.write(text)
  }
  let spinning = false
  const writeLine = (sink: Sink, text: string): void => {
    if (spinning) err.write(ERASE)
    write(sink, `${text}\n`)
  }
  const tell = (text: string): void => writeLine(err, text)

  const spin = (what: string): (() => void) => {
    let frame = 0
    const draw = (): void => {
      err.write(`${ERASE}${colors.cyan(FRAMES[frame++ % FRAMES.length])} ${what}`)
    }
    draw()
    const timer = setInterval(draw, FRAME)
    spinning = true
    return () => {
      spinning = false
      clearInterval(timer)
      err.write(ERASE)
    }
  }

  return {
    colors,
    reportColors: json ? colors : pc.createColors(color.out),
    result: (text, object) => {
      if (json) writeLine(out, printableJson(object))
      else if (text !== undefined) writeLine(out, text)
    },
    raw: (text) => writeLine(out, text),
    line: (text) => writeLine(json ? err : out, text),
    say: (text) => {
      if (!quiet) tell(text)
    },
    tell,
    problem: (problem) => {
      const [first = '', ...rest] = lines(problem).map(printable)
      tell([colors.red(first), ...rest].join('\n'))
      if (json) writeLine(out, printableJson(toJson(problem)))
    },
    during: async (what, wait) => {
      if (quiet || err.isTTY !== true) return wait
      let stop = (): void => undefined
      const timer = setTimeout(() => {
        stop = spin(what)
      }, PATIENCE)
      try {
        return await wait
      } finally {
        clearTimeout(timer)
        stop()
      }
    },
    written: () => parts.join(''),
  }
}
