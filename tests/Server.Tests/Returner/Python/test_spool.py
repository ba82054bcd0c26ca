import fcntl
import multiprocessing
import os
import shutil
import stat
import tempfile
import unittest

import ground

ground.load({})
from _saltern_returner import records, spool as spool_module  # noqa: E402
from _saltern_returner.spool import Spool, SpoolFull  # noqa: E402


def record(number, size=1):
    return records.of_load(str(number), {"fun": "f" * size}, None, 1000000)


def append_many(folder, first, count):
    spool = Spool(folder, 10 ** 9)
    for number in range(first, first + count):
        spool.append(record(number))


class InAFolder(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.join(tempfile.mkdtemp(), "spool")
        self.addCleanup(shutil.rmtree, os.path.dirname(self.folder))
        self.spool = Spool(self.folder, 10 ** 9)

    def read_all(self, step=7):
        jids = []
        while True:
            batch, position = self.spool.read(step, 10 ** 6)
            if not batch:
                return jids
            jids += [one.values["jid"] for one in batch]
            self.spool.advance(position)

    def segments(self):
        return [name for name in os.listdir(self.folder) if name.endswith(".records")]

    def test_what_was_appended_is_read_in_order_and_then_gone(self):
        self.assertTrue(self.spool.is_empty())
        append_many(self.folder, 0, 50)
        self.assertFalse(self.spool.is_empty())
        self.assertEqual(self.read_all(), [str(number) for number in range(50)])
        self.assertTrue(self.spool.is_empty())
        self.assertEqual(self.segments(), [])

    def test_what_is_not_advanced_over_is_read_again(self):
        append_many(self.folder, 0, 3)
        self.spool.read(2, 10 ** 6)
        self.assertEqual(self.read_all(), ["0", "1", "2"])

    def test_an_old_position_does_not_count_for_a_new_file(self):
        append_many(self.folder, 0, 3)
        self.read_all()
        append_many(self.folder, 3, 3)
        self.assertEqual(self.read_all(), ["3", "4", "5"])

    def test_only_the_owner_may_look_and_the_modes_do_not_depend_on_the_mask(self):
        before = os.umask(0)
        try:
            append_many(self.folder, 0, 1)
            self.spool.set_aside(record(1), "refused")
            self.spool.note_lost(record(2), "full")
            self.spool.take_turn().release()
            self.spool.unique_jid_time(1)
        finally:
            os.umask(before)
        self.assertEqual(stat.S_IMODE(os.stat(self.folder).st_mode), 0o700)
        for name in os.listdir(self.folder):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.folder, name)).st_mode), 0o600, name)

    def test_a_torn_last_line_costs_neither_what_was_before_nor_what_comes(self):
        append_many(self.folder, 0, 2)
        with open(os.path.join(self.folder, self.segments()[0]), "ab") as file:
            file.write(record(99).line()[:-10])
        append_many(self.folder, 2, 2)
        with self.assertLogs(level="ERROR"):
            self.assertEqual(self.read_all(), ["0", "1", "2", "3"])
        self.assertEqual(self.spool.look()["torn"], 1)

    def test_a_torn_line_alone_ends_as_well(self):
        append_many(self.folder, 0, 1)
        with open(os.path.join(self.folder, self.segments()[0]), "ab") as file:
            file.write(b"\0\0\0half")
        with self.assertLogs(level="ERROR"):
            self.assertEqual(self.read_all(), ["0"])
        self.assertTrue(self.spool.is_empty())

    def test_it_does_not_grow_over_its_limit_and_goes_on_when_there_is_room(self):
        self.spool = Spool(self.folder, 20000)
        with self.assertRaises(SpoolFull):
            for number in range(1000):
                self.spool.append(record(number, 1000))
        self.assertLessEqual(self.spool.look()["bytes"], 20000)
        kept = self.read_all()
        self.assertEqual(kept, [str(number) for number in range(len(kept))])
        self.spool.append(record(5000))
        self.assertEqual(self.read_all(), ["5000"])

    def test_long_files_are_followed_by_new_ones(self):
        before, spool_module._SEGMENT_BYTES = spool_module._SEGMENT_BYTES, 2000
        self.addCleanup(setattr, spool_module, "_SEGMENT_BYTES", before)
        append_many(self.folder, 0, 100)
        self.assertGreater(len(self.segments()), 3)
        self.assertEqual(self.read_all(), [str(number) for number in range(100)])

    def test_several_processes_append_whole_lines(self):
        processes = [
            multiprocessing.Process(target=append_many, args=(self.folder, first * 100, 100)) for first in range(4)]
        for process in processes:
            process.start()
        seen = []
        while any(process.is_alive() for process in processes) or not self.spool.is_empty():
            seen += self.read_all()
        self.assertEqual(sorted(map(int, seen)), list(range(400)))
        for first in range(4):
            mine = [int(jid) for jid in seen if int(jid) // 100 == first]
            self.assertEqual(mine, sorted(mine))

    def test_a_process_that_is_stopped_with_the_lock_stops_nobody(self):
        append_many(self.folder, 0, 1)
        before, spool_module._LOCK_SECONDS = spool_module._LOCK_SECONDS, 0.05
        self.addCleanup(setattr, spool_module, "_LOCK_SECONDS", before)
        with open(os.path.join(self.folder, "lock"), "w", encoding="ascii") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.spool.append(record(1))
            self.spool.append(record(2))
        self.assertEqual(self.read_all(), ["0", "1", "2"])

    def test_one_process_at_a_time_has_the_turn(self):
        turn = self.spool.take_turn()
        self.assertIsNone(self.spool.take_turn())
        turn.release()
        again = self.spool.take_turn()
        self.assertIsNotNone(again)
        again.release()

    def test_the_turn_ends_with_its_owner_although_a_child_still_lives(self):
        turn = self.spool.take_turn()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.read(reading, 1)
            os._exit(0)
        turn.release()
        again = self.spool.take_turn()
        os.write(writing, b"x")
        os.waitpid(child, 0)
        self.assertIsNotNone(again)
        again.release()

    def test_what_cannot_be_written_is_taken_back_whole(self):
        append_many(self.folder, 0, 1)
        real = os.write

        def half(descriptor, view):
            if len(view) > 20:
                return real(descriptor, view[:20])
            raise OSError(28, "No space left on device")

        os.write = half
        try:
            with self.assertRaises(OSError):
                self.spool.append(record(1))
        finally:
            os.write = real
        append_many(self.folder, 2, 1)
        self.assertEqual(self.read_all(), ["0", "2"])

    def test_jids_of_one_moment_are_different(self):
        times = [self.spool.unique_jid_time(1000) for _ in range(3)]
        self.assertEqual(times, [1000, 1001, 1002])
        self.assertEqual(self.spool.unique_jid_time(5000), 5000)

    def test_the_lost_are_named(self):
        with self.assertLogs(level="CRITICAL") as logs:
            self.spool.append(record(1))
            self.spool.note_lost(record(77), "full")
        self.assertIn("publication of 77", logs.output[0])
        self.assertEqual(self.spool.look()["lost"], 1)


if __name__ == "__main__":
    unittest.main()
