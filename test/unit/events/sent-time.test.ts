// Times as senders write them: only those that name a moment, and none that a calendar does not have.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseSentTime } from '../../../shared/events/sent-time.ts';
import { anyText } from './any-text.ts';

it.each([
  ['2016-03-09T14:44:26.402973972-08:00', '2016-03-09T22:44:26.402Z'],
  ['2016-11-14T19:32:13.515+0000', '2016-11-14T19:32:13.515Z'],
  ['2018-04-25T21:39:47.6549614Z', '2018-04-25T21:39:47.654Z'],
  ['2025-11-27T10:00:00Z', '2025-11-27T10:00:00.000Z'],
  ['2025-11-27t10:00:00z', '2025-11-27T10:00:00.000Z'],
  ['2025-11-27 10:00:00+05:30', '2025-11-27T04:30:00.000Z'],
  ['2024-02-29T23:59:59.9999Z', '2024-02-29T23:59:59.999Z'],
  ['1969-12-31T23:30:00-01:00', '1970-01-01T00:30:00.000Z'],
  [1_582_640_688, '2020-02-25T14:24:48.000Z'],
  [1_088_104_914.745, '2004-06-24T19:21:54.745Z'],
  [1_566_549_131.9999, '2019-08-23T08:32:11.999Z'],
  [0, '1970-01-01T00:00:00.000Z'],
])('reads %j', (sent, expected) => {
  expect(parseSentTime(sent)).toBe(expected);
});

it.each([
  ['without a zone', '2016-11-29T12:25:46'],
  ['without a zone, with a space', '2016-11-29 12:25:46'],
  ['on 29 February 2023', '2023-02-29T02:36:48Z'],
  ['in month 13', '2023-13-01T00:00:00Z'],
  ['at 24:00', '2023-01-01T24:00:00Z'],
  ['in second 60', '2023-01-01T00:00:60Z'],
  ['in a zone of 24 hours', '2023-01-01T00:00:00+24:00'],
  ['in a zone of 60 minutes', '2023-01-01T00:00:00+01:60'],
  ['in the year 1', '0001-01-01T00:00:00Z'],
  ['before 1970', '1969-12-31T23:59:59.999Z'],
  ['after the year 9999', '9999-12-31T23:59:59-01:00'],
  ['that is a date', '2023-01-01'],
  ['in text around it', ' 2023-01-01T00:00:00Z'],
  ['that is empty', ''],
  ['in seconds before 1970', -1],
  ['in milliseconds', 1_582_640_688_000],
  ['that is no number', Number.NaN],
  ['without end', Number.POSITIVE_INFINITY],
  ['that is absent', null],
])('takes a time %s for none', (_, sent) => {
  expect(parseSentTime(sent)).toBeNull();
});

const ZONES = [
  ['Z', 0],
  ['+00:00', 0],
  ['-0000', 0],
  ['+05:30', 330],
  ['-1145', -705],
] as const;

it('reads every moment in every zone', () => {
  const moments = fc.date({ min: new Date('1971-01-01'), max: new Date('9998-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(moments, fc.constantFrom(...ZONES), fc.nat(999_999), (moment, [zone, minutes], rest) => {
      const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, -1);
      expect(parseSentTime(`${local}${rest}${zone}`)).toBe(moment.toISOString());
    }),
  );
});

it('takes any text and any number', () => {
  fc.assert(
    fc.property(fc.oneof(anyText(), fc.double()), (sent) => {
      expect(parseSentTime(sent) ?? '2026-01-01T00:00:00.000Z').toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }),
  );
});
