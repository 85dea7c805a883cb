import type { Argument } from '@tessera/core'

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

export const PRESET: Argument = {
  is: (value) => isRecord(value) && isRecord(value['variables']) && isRecord(value['endpoints']),
  expected: 'a preset, such as Providers.github',
}

export const VARIABLES: Argument = {
  is: (value) => value === undefined || isRecord(value),
  expected: "an object of texts, such as { tenant: '…' }",
}

export const NAMED = (name: string): Argument => ({
  is: (_, options) => name in options,
  expected: 'a text',
})

export const TEXT: Argument = { is: (value) => typeof value === 'string', expected: 'a text' }
