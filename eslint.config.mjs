import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { confinement, layers, purity, testLayers } from './tools/workspace/lint/boundaries.mjs';

const TESTS = ['**/*.test.ts', '**/*.test.mjs', '**/test/**'];

export default defineConfig(
  {
    ignores: [
      '**/dist',
      '**/out-tsc',
      '**/test-results',
      '**/coverage',
      '.nx',
      '.kops',
      'proto/gen',
      '**/testdata',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,

  {
    name: 'kops/typescript',
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // process.env['KOPS_X'] and table['key'] say that the key may be absent.
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      // Numbers and bigints print as what they are; it is objects and undefined in messages that mislead.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNever: true },
      ],
      // What was caught, and an AbortSignal's reason, is thrown on as it is.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true, allowRethrowing: true },
      ],
      // `void | Promise<void>` says that a callback may be asynchronous and need not be.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // A generator or a port's method may be async without awaiting anything: its signature is the contract.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
    },
  },
  {
    name: 'kops/javascript',
    files: ['**/*.{js,mjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] },
    languageOptions: {
      globals: {
        console: 'readonly',
        performance: 'readonly',
        process: 'readonly',
        URL: 'readonly',
      },
    },
  },

  {
    name: 'kops/size',
    files: ['**/*.{ts,js,mjs}'],
    rules: {
      // A file that needs more holds two concepts.
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      complexity: ['error', { max: 20, variant: 'modified' }],
      eqeqeq: ['error', 'always'],
    },
  },

  {
    name: 'kops/layers',
    files: ['**/*.{ts,js,mjs}'],
    plugins: { '@nx': nx },
    rules: { '@nx/enforce-module-boundaries': ['error', layers] },
  },
  ...confinement,
  ...purity,

  {
    name: 'kops/tests',
    files: TESTS,
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': ['error', testLayers],
      // A suite is one function; fixtures and expectations are long without being complicated.
      'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': 'off',
      'no-restricted-syntax': 'off',
    },
  },
  {
    name: 'kops/typescript-tests',
    files: ['**/*.test.ts', '**/test/**/*.ts'],
    rules: {
      // A test that is wrong about its own fixture fails at once: that is what it is for.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
