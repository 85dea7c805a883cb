/**
 * What may come next on a command line, read off the tree of commands.
 */
import type { Command as Commander, Option } from 'commander'

/** A word that may come next. */
export interface Candidate {
  readonly value: string
  readonly description: string
}

/** What may come next: words, or what a placeholder such as `<file>` stands for. */
export type Next =
  | { readonly _tag: 'Words'; readonly words: ReadonlyArray<Candidate> }
  | { readonly _tag: 'Files' }
  | { readonly _tag: 'Profiles' }
  | { readonly _tag: 'Sessions' }

export interface Offer {
  readonly next: Next
  /** What the word begins with that is typed, and is no part of what is offered: `--option=`. */
  readonly prefix: string
  /** The word that is typed, without that. */
  readonly typed: string
  /** The options that are given already, by their names. */
  readonly given: Readonly<Record<string, string>>
}

interface Place {
  readonly command: Commander
  readonly operands: number
  readonly awaiting: Option | undefined
  readonly isOver: boolean
  readonly given: Readonly<Record<string, string>>
}

const words = (...all: ReadonlyArray<Candidate>): Next => ({ _tag: 'Words', words: all })
const plain = (value: string): Candidate => ({ value, description: '' })

/** What the placeholders of options and arguments stand for. Others are typed by hand. */
const MEANINGS: Readonly<Record<string, Next>> = {
  file: { _tag: 'Files' },
  name: { _tag: 'Profiles' },
  key: { _tag: 'Sessions' },
  who: words(plain('service'), plain('login')),
}

const meaningOf = (name: string): Next => MEANINGS[name] ?? words()

/** The options of a command, its own first, then those of the commands around it. */
const optionsOf = (command: Commander): ReadonlyArray<Option> => [
  ...command.createHelp().visibleOptions(command),
  ...(command.parent === null ? [] : optionsOf(command.parent)),
]

const optionAt = ({ command }: Place, flag: string): Option | undefined =>
  optionsOf(command).find(({ long, short }) => long === flag || short === flag)

const valuesOf = ({ argChoices, flags }: Option): Next =>
  argChoices === undefined ? meaningOf(/<(.*)>/.exec(flags)?.[1] ?? '') : words(...argChoices.map(plain))

const flagOf = (word: string): readonly [string, string | undefined] => {
  const [, flag = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? []
  return [flag, value]
}

const step = (place: Place, word: string): Place => {
  const { command, operands, awaiting, isOver, given } = place
  if (awaiting !== undefined) {
    return { ...place, awaiting: undefined, given: { ...given, [awaiting.attributeName()]: word } }
  }
  if (!isOver && word === '--') return { ...place, isOver: true }
  if (!isOver && word.startsWith('-') && word !== '-') {
    const [flag, value] = flagOf(word)
    const option = optionAt(place, flag)
    if (option?.required !== true) return place
    return value === undefined
      ? { ...place, awaiting: option }
      : { ...place, given: { ...given, [option.attributeName()]: value } }
  }
  const next = operands === 0 ? command.commands.find((each) => each.name() === word) : undefined
  return next === undefined ? { ...place, operands: operands + 1 } : { ...place, command: next }
}

const firstLine = (text: string): string => text.split('\n')[0] ?? ''

const optionWords = ({ command }: Place): Next =>
  words(
    ...optionsOf(command)
      .map(({ long, short, description }) => ({ value: long ?? short ?? '', description: firstLine(description) }))
      .filter(({ value }, at, all) => all.findIndex((other) => other.value === value) === at),
  )

const operandAt = (place: Place): Next => {
  const { command, operands } = place
  const commands = operands === 0 ? command.createHelp().visibleCommands(command) : []
  if (commands.length > 0) {
    return words(...commands.map((each) => ({ value: each.name(), description: firstLine(each.description()) })))
  }
  const argument = command.registeredArguments[operands]
  if (argument === undefined) return optionWords(place)
  return argument.argChoices === undefined ? meaningOf(argument.name()) : words(...argument.argChoices.map(plain))
}

/** What may come for the last of the words, which may be empty. */
export const offer = (root: Commander, line: ReadonlyArray<string>): Offer => {
  const start: Place = { command: root, operands: 0, awaiting: undefined, isOver: false, given: {} }
  const place = line.slice(0, -1).reduce(step, start)
  const { awaiting, isOver, given } = place
  const last = line[line.length - 1] ?? ''
  const of = (next: Next): Offer => ({ next, prefix: '', typed: last, given })
  if (awaiting !== undefined) return of(valuesOf(awaiting))
  if (isOver || !last.startsWith('-')) return of(operandAt(place))
  const [flag, value] = flagOf(last)
  if (value === undefined) return of(optionWords(place))
  const option = optionAt(place, flag)
  const next = option?.required === true ? valuesOf(option) : words()
  return { next, prefix: `${flag}=`, typed: value, given }
}
