import { spawn } from 'node:child_process'
import { PassThrough } from 'node:stream'
import type { ReadStream } from 'node:tty'
import { millis, plus, Secret } from '@tessera/core'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describeWith } from '../../tools/jest/needs.js'
import { terminalPrompt } from '../src/index.js'
import { bundle, ended } from './support/bundle.js'
import { inMs, wrongClocks } from './support/requests.js'

const script = bundle(`
  import { execFileSync } from 'node:child_process'
  import { Secret } from '@tessera/core'
import { terminalPrompt } from '@tessera/node'

  const [questions, ms, abortAfter] = process.argv.slice(2).map(Number)
  const { ask } = terminalPrompt()
  const main = async () => {
    for (let n = 1; n <= questions; n++) {
      const signal = abortAfter > 0 ? AbortSignal.timeout(abortAfter) : new AbortController().signal
      const result = await ask({ message: 'Question ' + n + '? ', deadline: Date.now() + ms, signal })()
      // Reversed, so that an echo can be told from the answer.
      console.log(result._tag === 'Right' ? 'got ' + [...Secret.open(result.right)].reverse().join('') : result.left._tag)
    }
    // Before the end of the process, where Node would restore it anyway.
    if (process.stdin.isTTY) console.log(execFileSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'inherit'] }).toString())
  }
  main()
`)

/** Runs the script in a pseudo terminal, and types at each question what comes next. */
const inTerminal = async (typed: ReadonlyArray<string>, args: ReadonlyArray<number>): Promise<string> => {
  const command = `${process.execPath} ${script} ${args.join(' ')}`
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: 'pipe' })
  let seen = ''
  let next = 0
  child.stdout.on('data', (data) => {
    seen += data
    while (seen.includes(`Question ${next + 1}? `) && next < typed.length) child.stdin.write(typed[next++] ?? '')
  })
  return (await ended(child, 15_000)).output
}
const restored = / icanon[\s\S]* echo /

describeWith('script')('at a terminal', () => {
  test('what is typed is not echoed, and the terminal is restored', async () => {
    const output = await inTerminal(['c4n4ryX\u007f\r', 'second\n'], [2, 60_000, 0])
    expect(output).toContain('Question 1? ')
    expect(output).toContain('got yr4n4c\r\n')
    expect(output).toContain('got dnoces\r\n')
    expect(output).not.toMatch(/c4n4ry|second/)
    expect(output).toMatch(restored)
  })

  test('Ctrl-C is Aborted, Ctrl-D ends the answer', async () => {
    const output = await inTerminal(['c4n4ry\u0003', 'abc\u0004'], [2, 60_000, 0])
    expect(output).toContain('Aborted\r\n')
    expect(output).toContain('got cba\r\n')
    expect(output).not.toContain('c4n4ry')
    expect(output).toMatch(restored)
  })

  test('a deadline and a signal end the question and restore the terminal', async () => {
    const late = await inTerminal(['c4n4'], [1, 200, 0])
    expect(late).toContain('TimedOut\r\n')
    expect(late).not.toContain('c4n4')
    expect(late).toMatch(restored)
    const aborted = await inTerminal([], [1, 60_000, 200])
    expect(aborted).toContain('Aborted\r\n')
    expect(aborted).toMatch(restored)
  })
})

test('in a pipe a line is read for each question, nothing is shown, and the process ends by itself', async () => {
  const child = spawn(process.execPath, [script, '4', '60000', '0'], { stdio: 'pipe' })
  child.stdin.write('first\r\nsecond\nthird')
  child.stdin.end()
  expect(await ended(child, 10_000)).toEqual({ code: 0, output: 'got tsrif\ngot dnoces\ngot driht\ngot \n' })
})

test('an open pipe does not keep the process alive after the answer', async () => {
  const child = spawn(process.execPath, [script, '1', '60000', '0'], { stdio: 'pipe' })
  child.stdin.write('first\n')
  expect(await ended(child, 10_000)).toEqual({ code: 0, output: 'got tsrif\n' })
})

describe('over any stream', () => {
  const never = new AbortController().signal
  const streamed = () => {
    const through = new PassThrough()
    // Of a terminal's stream, only what every readable stream has is used where it is no terminal.
    return { through, prompt: terminalPrompt({ input: through as unknown as ReadStream, output: new PassThrough() }) }
  }

  test('property: lines come out as they went in, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: 'grapheme' }).filter((line) => !/[\r\n]/.test(line)),
          { minLength: 1, maxLength: 5 },
        ),
        fc.integer({ min: 1, max: 7 }),
        async (lines, size) => {
          const { through, prompt } = streamed()
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
          for (let at = 0; at < bytes.length; at += size) through.write(bytes.subarray(at, at + size))
          through.end()
          const answers = await Promise.all(
            lines.map(() => prompt.ask({ message: '', deadline: inMs(20_000), signal: never })()),
          )
          expect(answers.map((answer) => (E.isRight(answer) ? Secret.open(answer.right) : answer.left._tag))).toEqual(
            lines,
          )
        },
      ),
      { numRuns: 100 },
    )
  })

  test('at a terminal, one that ended before its turn is never shown', async () => {
    const modes: boolean[] = []
    const input = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (mode: boolean) => modes.push(mode),
    })
    const output = new PassThrough()
    // Of a terminal's stream, these members are all that is used.
    const { ask } = terminalPrompt({ input: input as unknown as ReadStream, output })
    const first = ask({ message: 'first?', deadline: inMs(20_000), signal: never })()
    const abort = new AbortController()
    const second = ask({ message: 'second?', deadline: inMs(20_000), signal: abort.signal })()
    abort.abort()
    expect((await second)._tag).toBe('Left')
    input.write('one\r')
    expect(E.isRight(await first)).toBe(true)
    const third = ask({ message: 'third?', deadline: inMs(20_000), signal: never })()
    input.write('three\r')
    expect(E.isRight(await third)).toBe(true)
    expect(String(output.read())).toBe('first?\nthird?\n')
    expect(modes).toEqual([true, false, true, false])
  })

  test.each(wrongClocks)('the deadline is by the clock that is given: a %s one', async (_, clock) => {
    const input = new PassThrough() as unknown as ReadStream
    const { ask } = terminalPrompt({ input, output: new PassThrough(), clock })
    const deadline = (ms: number) => plus(clock.now(), millis(ms))
    expect(await ask({ message: '', deadline: deadline(20), signal: never })()).toMatchObject({
      left: { _tag: 'TimedOut' },
    })
    const answer = ask({ message: '', deadline: deadline(20_000), signal: never })()
    // Not before a deadline that has passed by another clock.
    await new Promise((resolve) => setTimeout(resolve, 5))
    input.push('one\n')
    expect(E.isRight(await answer)).toBe(true)
  })

  test('one that waits for its turn keeps its own deadline, and takes no line', async () => {
    const { through, prompt } = streamed()
    const first = prompt.ask({ message: '', deadline: inMs(20_000), signal: never })()
    const second = prompt.ask({ message: '', deadline: inMs(20), signal: never })()
    const aborted = prompt.ask({ message: '', deadline: inMs(20_000), signal: AbortSignal.abort() })()
    expect((await aborted)._tag).toBe('Left')
    expect(await second).toMatchObject({ left: { _tag: 'TimedOut' } })
    through.write('one\ntwo\n')
    expect(E.isRight(await first)).toBe(true)
    const third = await prompt.ask({ message: '', deadline: inMs(20_000), signal: never })()
    expect(E.isRight(third) && Secret.open(third.right)).toBe('two')
    expect(through.listenerCount('data')).toBe(0)
  })
})
