import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Canaries } from '../canaries.js'
import { workerScript } from '../worker.js'
import type { Answer, Command, Pair, Question, Report, Start } from './protocol.js'
import { settledBy } from './settledBy.js'

/** A process of a crew. */
export interface Member {
  readonly send: (command: Command) => void
  /** Rejects where there is no answer in time. */
  readonly ask: (question: Question) => Promise<Answer>
  /** As `ask`, with two ends: all of its calls have begun, and all have ended. */
  readonly begin: (question: Question) => { readonly begun: Promise<void>; readonly answer: Promise<Answer> }
  readonly signal: (name: 'SIGCONT' | 'SIGKILL') => void
  /** How it ended: an exit code or a signal. */
  readonly ended: Promise<number | string | null>
}

/** Who hears what a process says. */
export interface Heard {
  readonly report: (report: Report, from: Member) => void
  /** Tokens that the server gave it. */
  readonly pair: (pair: Pair) => void
}

/** The program that processes run. */
export const MEMBER = workerScript('member')

/** How long an answer may take, in ms of real time. */
const PATIENCE = 180_000

/** Starts a process; resolves when it takes commands. */
export const startMember = async (program: string, start: Start, heard: Heard, canaries: Canaries): Promise<Member> => {
  const child = spawn(process.execPath, [program, JSON.stringify(start)], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  const tokens = child.stdio[3]
  if (tokens === null || tokens === undefined || !('read' in tokens)) throw new Error('a process without pipes')
  const waiting = new Map<number, { readonly begun: () => void; readonly answer: (answer: Answer) => void }>()
  let questions = 0
  let ready: () => void = () => undefined
  const isReady = new Promise<void>((resolve) => {
    ready = resolve
  })
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? code))
  })
  // It may be killed while it is written to.
  child.stdin.on('error', () => undefined)

  const send: Member['send'] = (command) => {
    child.stdin.write(`${JSON.stringify(command)}\n`)
  }
  const begin: Member['begin'] = (question) => {
    const id = ++questions
    let begun: () => void = () => undefined
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve
    })
    const answered = new Promise<Answer>((resolve) => {
      waiting.set(id, { begun, answer: resolve })
    })
    send({ id, ...question })
    const inTime = <A>(what: Promise<A>): Promise<A> =>
      settledBy(PATIENCE, `an answer to "${question.do}"`, Promise.race([what, ended.then(() => gone(question.do))]))
    return { begun: inTime(hasBegun), answer: inTime(answered) }
  }
  const gone = (what: string): never => {
    throw new Error(`a process ended before it answered "${what}"`)
  }
  const member: Member = {
    send,
    begin,
    ask: (question) => {
      const { begun, answer } = begin(question)
      begun.catch(() => undefined)
      return answer
    },
    signal: (name) => {
      child.kill(name)
    },
    ended,
  }

  createInterface({ input: child.stdout }).on('line', (line) => {
    canaries.wrote(line)
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: our program wrote it.
    const report = JSON.parse(line) as Report
    if (report.tag === 'ready') ready()
    else if (report.tag === 'begun') waiting.get(report.id)?.begun()
    else if (report.tag === 'answer') {
      const asked = waiting.get(report.id)
      // Not every question is told of before its answer.
      asked?.begun()
      asked?.answer(report.answer)
      waiting.delete(report.id)
    } else heard.report(report, member)
  })
  createInterface({ input: child.stderr }).on('line', canaries.wrote)
  createInterface({ input: tokens }).on('line', (line) => {
    // biome-ignore lint/nursery/noUnsafeTypeAssertion: our program wrote it.
    const pair = JSON.parse(line) as Pair
    canaries.remember(pair.access, pair.refresh)
    heard.pair(pair)
  })
  await settledBy(PATIENCE, 'the start of a process', Promise.race([isReady, ended.then(() => gone('start'))]))
  return member
}
