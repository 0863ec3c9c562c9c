import { expect, test } from 'vitest';
import { AdmissionControl, type ConnectionLimits } from '../src/index.js';

const LIMITS: ConnectionLimits = {
  connections: 200,
  connectionsPerAddress: 64,
  unauthenticated: 64,
  unauthenticatedPerAddress: 16,
};

test('admission counts to its limits and back', () => {
  const control = new AdmissionControl({
    ...LIMITS,
    connections: 3,
    connectionsPerAddress: 2,
    unauthenticated: 2,
  });
  const admit = (address: string): Exclude<ReturnType<AdmissionControl['enter']>, string> => {
    const result = control.enter(address);
    if (typeof result === 'string') throw new Error(result);
    return result;
  };
  const first = admit('10.0.0.1');
  const second = admit('10.0.0.1');
  expect(control.enter('10.0.0.1')).toBe('address');
  expect(control.enter('10.0.0.2')).toBe('unauthenticated');
  first.authenticated();
  first.authenticated();
  const third = admit('10.0.0.2');
  expect(control.enter('10.0.0.3')).toBe('connections');
  for (const admission of [first, second, third]) {
    admission.leave();
    admission.leave();
  }
  for (const address of ['10.0.0.1', '10.0.0.2']) admit(address);
});

test('connections without a login of one address leave room for those of others', () => {
  const control = new AdmissionControl(LIMITS);
  const strangers = Array.from({ length: 16 }, () => control.enter('10.0.0.1'));
  expect(control.enter('::ffff:10.0.0.1')).toBe('unauthenticatedPerAddress');
  expect(control.enter('10.0.0.2')).toBeTypeOf('object');
  const first = strangers[0];
  if (typeof first !== 'object') throw new Error('was not admitted');
  first.authenticated();
  first.leave();
  expect(control.enter('10.0.0.1')).toBeTypeOf('object');
  expect(control.enter('10.0.0.1')).toBe('unauthenticatedPerAddress');
});
