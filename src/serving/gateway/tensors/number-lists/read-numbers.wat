;; Reads JSON lists of numbers, nested or not, into doubles, rounded as JSON.parse does. Assembled by wabt: see kernel.ts.
;;
;; Memory: 64 + 4 d: lists at depth d hold so many items (-1: not known yet); 256 + 4 d: items so far of the list that is open at
;; depth d; 512: 10^0 … 10^22 as doubles; 1024: 5^-342 … 5^308 as 128 bits, upper half first; from 16384 the text, which must end
;; in eight bytes of zero, and behind it the doubles.
(module
  (memory (export "memory") 1)
  (global $at (export "at") (mut i32) (i32.const 0))
  (global $out (export "out") (mut i32) (i32.const 0))
  (global $depth (export "depth") (mut i32) (i32.const 0))
  ;; Where the numbers are; 0 before the first.
  (global $deepest (mut i32) (i32.const 0))
  ;; The upper half of the product that `multiply` returns the lower half of.
  (global $upper (mut i64) (i64.const 0))

  ;; The place of the next "[" outside of strings, or -1.
  (func (export "find") (param $at i32) (param $end i32) (result i32)
    (local $c i32)
    (loop $next
      (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (i32.const -1))))
      (local.set $c (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $c) (i32.const 0x5b)) (then (return (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.ne (local.get $c) (i32.const 0x22)))
      (loop $string
        (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (i32.const -1))))
        (local.set $c (i32.load8_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.eq (local.get $c) (i32.const 0x22)))
        (local.set $at (i32.add (local.get $at) (i32.eq (local.get $c) (i32.const 0x5c))))
        (br $string)))
    (unreachable))

  ;; Prepares for a list at $from whose doubles go to $to.
  (func (export "begin") (param $from i32) (param $to i32)
    (global.set $at (local.get $from))
    (global.set $out (local.get $to))
    (global.set $depth (i32.const 0))
    (global.set $deepest (i32.const 0))
    (memory.fill (i32.const 64) (i32.const 0xff) (i32.const 160)))

  ;; 64 by 64 bits: returns the lower half of the product, leaves the upper one in $upper.
  (func $multiply (param $a i64) (param $b i64) (result i64)
    (local $ah i64) (local $al i64) (local $bh i64) (local $bl i64) (local $low i64) (local $middle i64) (local $other i64)
    (local.set $ah (i64.shr_u (local.get $a) (i64.const 32)))
    (local.set $al (i64.and (local.get $a) (i64.const 0xffffffff)))
    (local.set $bh (i64.shr_u (local.get $b) (i64.const 32)))
    (local.set $bl (i64.and (local.get $b) (i64.const 0xffffffff)))
    (local.set $low (i64.mul (local.get $al) (local.get $bl)))
    (local.set $middle (i64.add (i64.mul (local.get $ah) (local.get $bl)) (i64.shr_u (local.get $low) (i64.const 32))))
    (local.set $other (i64.add (i64.mul (local.get $al) (local.get $bh)) (i64.and (local.get $middle) (i64.const 0xffffffff))))
    (global.set $upper (i64.add (i64.add (i64.mul (local.get $ah) (local.get $bh)) (i64.shr_u (local.get $middle) (i64.const 32))) (i64.shr_u (local.get $other) (i64.const 32))))
    (i64.or (i64.shl (local.get $other) (i64.const 32)) (i64.and (local.get $low) (i64.const 0xffffffff))))

  ;; $w * 10^$q, correctly rounded, or NaN where this way cannot tell (or the result is subnormal or infinite).
  ;; Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience 51 (2021), algorithm 1.
  (func $round (param $w i64) (param $q i32) (result f64)
    (local $shift i64) (local $low i64) (local $high i64) (local $m i64) (local $power i64) (local $at i32) (local $upperBit i64)
    (if (i32.gt_u (i32.add (local.get $q) (i32.const 342)) (i32.const 650)) (then (return (f64.const nan))))
    (local.set $at (i32.add (i32.const 1024) (i32.shl (i32.add (local.get $q) (i32.const 342)) (i32.const 4))))
    (local.set $shift (i64.clz (local.get $w)))
    (local.set $w (i64.shl (local.get $w) (local.get $shift)))
    (local.set $low (call $multiply (local.get $w) (i64.load (local.get $at))))
    (local.set $high (global.get $upper))
    (if (i64.eq (i64.and (local.get $high) (i64.const 0x1ff)) (i64.const 0x1ff)) (then
      (drop (call $multiply (local.get $w) (i64.load offset=8 (local.get $at))))
      (local.set $low (i64.add (local.get $low) (global.get $upper)))
      (local.set $high (i64.add (local.get $high) (i64.extend_i32_u (i64.gt_u (global.get $upper) (local.get $low)))))
      (if (i32.and (i64.eq (local.get $low) (i64.const -1)) (i32.gt_u (i32.add (local.get $q) (i32.const 27)) (i32.const 82))) (then (return (f64.const nan))))))
    (local.set $upperBit (i64.shr_u (local.get $high) (i64.const 63)))
    (local.set $m (i64.shr_u (local.get $high) (i64.add (local.get $upperBit) (i64.const 9))))
    ;; floor(log2(10^q)) + 63, with the bias of the exponent.
    (local.set $power (i64.sub (i64.add (i64.add (i64.extend_i32_s (i32.shr_s (i32.mul (local.get $q) (i32.const 217706)) (i32.const 16))) (i64.const 1086)) (local.get $upperBit)) (local.get $shift)))
    (if (i64.le_s (local.get $power) (i64.const 0)) (then (return (f64.const nan))))
    ;; Half way between two doubles, exactly: to the even one.
    (if (i32.and (i32.and (i64.le_u (local.get $low) (i64.const 1)) (i32.le_u (i32.add (local.get $q) (i32.const 4)) (i32.const 27)))
                 (i32.and (i64.eq (i64.and (local.get $m) (i64.const 3)) (i64.const 1))
                          (i64.eq (i64.shl (local.get $m) (i64.add (local.get $upperBit) (i64.const 9))) (local.get $high)))) (then
      (local.set $m (i64.and (local.get $m) (i64.const -2)))))
    (local.set $m (i64.shr_u (i64.add (local.get $m) (i64.and (local.get $m) (i64.const 1))) (i64.const 1)))
    (if (i64.ge_u (local.get $m) (i64.const 0x20000000000000)) (then
      (local.set $m (i64.const 0x10000000000000))
      (local.set $power (i64.add (local.get $power) (i64.const 1)))))
    (if (i64.ge_s (local.get $power) (i64.const 2047)) (then (return (f64.const nan))))
    (f64.reinterpret_i64 (i64.or (i64.and (local.get $m) (i64.const 0xfffffffffffff)) (i64.shl (local.get $power) (i64.const 52)))))

  ;; The number of eight digits, one in each byte, the first in the lowest.
  (func $eight (param $x i64) (result i64)
    (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 10)) (i64.shr_u (local.get $x) (i64.const 8))))
    (i64.shr_u (i64.add
      (i64.mul (i64.and (local.get $x) (i64.const 0x000000ff000000ff)) (i64.const 0x000f424000000064))
      (i64.mul (i64.and (i64.shr_u (local.get $x) (i64.const 16)) (i64.const 0x000000ff000000ff)) (i64.const 0x0000271000000001))) (i64.const 32)))

  ;; Goes on until the list ends (0), a number that JavaScript must read stands at $at (1), or it proves to be something else than
  ;; numbers in lists of equal lengths, or an integer of 16 digits or more, which doubles may not hold (2).
  (func (export "read") (result i32)
    (local $at i32) (local $out i32) (local $depth i32) (local $c i32) (local $start i32) (local $digits i32) (local $from i32)
    (local $q i32) (local $e i32) (local $minus i32) (local $w i64) (local $x i64) (local $v f64)
    (local.set $at (global.get $at))
    (local.set $out (global.get $out))
    (local.set $depth (global.get $depth))
    (block $else
      ;; After a number that JavaScript has read comes what follows it.
      (local.set $start (i32.ne (local.get $depth) (i32.const 0)))
      (loop $value
        (if (i32.eqz (local.get $start)) (then
          (loop $space
            (local.set $c (i32.load8_u (local.get $at)))
            (if (i32.or (i32.or (i32.eq (local.get $c) (i32.const 32)) (i32.eq (local.get $c) (i32.const 10))) (i32.or (i32.eq (local.get $c) (i32.const 13)) (i32.eq (local.get $c) (i32.const 9)))) (then
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (br $space))))
          (if (i32.eq (local.get $c) (i32.const 0x5b)) (then
            (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
            (br_if $else (i32.or (i32.gt_u (local.get $depth) (i32.const 32)) (i32.and (i32.ne (global.get $deepest) (i32.const 0)) (i32.gt_u (local.get $depth) (global.get $deepest)))))
            (i32.store (i32.add (i32.const 256) (i32.shl (local.get $depth) (i32.const 2))) (i32.const 0))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $value)))
          (if (i32.ne (global.get $deepest) (local.get $depth)) (then
            (br_if $else (i32.ne (global.get $deepest) (i32.const 0)))
            (global.set $deepest (local.get $depth))))

          ;; A number: RFC 8259, section 6.
          (local.set $from (local.get $at))
          (local.set $minus (i32.eq (local.get $c) (i32.const 0x2d)))
          (local.set $at (i32.add (local.get $at) (local.get $minus)))
          (local.set $start (local.get $at))
          (local.set $w (i64.const 0))
          (local.set $q (i32.const 0))
          (block $integer (loop $more
            (br_if $integer (i32.gt_u (local.tee $c (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))) (i32.const 9)))
            (local.set $w (i64.add (i64.mul (local.get $w) (i64.const 10)) (i64.extend_i32_u (local.get $c))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $more)))
          (local.set $digits (i32.sub (local.get $at) (local.get $start)))
          (br_if $else (i32.eqz (local.get $digits)))
          (if (i32.eq (i32.load8_u (local.get $start)) (i32.const 48)) (then
            (br_if $else (i32.ne (local.get $digits) (i32.const 1)))
            (local.set $digits (i32.const 0))))
          (if (i32.eq (local.get $c) (i32.const -2)) (then ;; "."
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $start (local.get $at))
            (if (i32.eqz (local.get $digits)) (then
              (block $significant (loop $zeros
                (br_if $significant (i32.ne (i32.load8_u (local.get $at)) (i32.const 48)))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br $zeros)))))
            (local.set $digits (i32.sub (local.get $digits) (local.get $at)))
            ;; Eight digits at a time (the paper above, section 4).
            (block $few (loop $eight
              (local.set $x (i64.load (local.get $at)))
              (br_if $few (i64.ne (i64.and (i64.or (i64.add (local.get $x) (i64.const 0x4646464646464646)) (i64.sub (local.get $x) (i64.const 0x3030303030303030))) (i64.const 0x8080808080808080)) (i64.const 0)))
              (local.set $w (i64.add (i64.mul (local.get $w) (i64.const 100000000)) (call $eight (i64.sub (local.get $x) (i64.const 0x3030303030303030)))))
              (local.set $at (i32.add (local.get $at) (i32.const 8)))
              (br $eight)))
            (block $fraction (loop $more
              (br_if $fraction (i32.gt_u (local.tee $c (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))) (i32.const 9)))
              (local.set $w (i64.add (i64.mul (local.get $w) (i64.const 10)) (i64.extend_i32_u (local.get $c))))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (br $more)))
            (local.set $digits (i32.add (local.get $digits) (local.get $at)))
            (local.set $q (i32.sub (local.get $start) (local.get $at)))
            (br_if $else (i32.eqz (local.get $q))))
          (else (if (i32.ge_u (local.get $digits) (i32.const 16)) (then
            ;; An integer, unless an exponent follows.
            (br_if $else (i32.ne (i32.or (local.get $c) (i32.const 32)) (i32.const 0x35)))))))
          (if (i32.eq (i32.or (i32.load8_u (local.get $at)) (i32.const 32)) (i32.const 0x65)) (then ;; "e"
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $c (i32.load8_u (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.or (i32.eq (local.get $c) (i32.const 0x2b)) (i32.eq (local.get $c) (i32.const 0x2d)))))
            (local.set $x (i64.extend_i32_u (i32.eq (local.get $c) (i32.const 0x2d))))
            (local.set $start (local.get $at))
            (local.set $e (i32.const 0))
            (block $exponent (loop $more
              (br_if $exponent (i32.gt_u (local.tee $c (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))) (i32.const 9)))
              (if (i32.lt_u (local.get $e) (i32.const 10000)) (then (local.set $e (i32.add (i32.mul (local.get $e) (i32.const 10)) (local.get $c)))))
              (local.set $at (i32.add (local.get $at) (i32.const 1)))
              (br $more)))
            (br_if $else (i32.eq (local.get $at) (local.get $start)))
            (local.set $q (i32.add (local.get $q) (if (result i32) (i64.eqz (local.get $x)) (then (local.get $e)) (else (i32.sub (i32.const 0) (local.get $e))))))))

          (block $known
            (if (i32.le_s (local.get $digits) (i32.const 19)) (then
              (if (i64.le_u (local.get $w) (i64.const 0x20000000000000)) (then
                (local.set $v (f64.convert_i64_u (local.get $w)))
                (br_if $known (i32.or (i32.eqz (local.get $q)) (i64.eqz (local.get $w))))
                ;; Both are exact: so is what they give but for its one rounding (Clinger 1990).
                (if (i32.le_u (i32.add (local.get $q) (i32.const 22)) (i32.const 22)) (then
                  (local.set $v (f64.div (local.get $v) (f64.load offset=512 (i32.mul (local.get $q) (i32.const -8)))))
                  (br $known)))
                (if (i32.le_u (local.get $q) (i32.const 22)) (then
                  (local.set $v (f64.mul (local.get $v) (f64.load offset=512 (i32.shl (local.get $q) (i32.const 3)))))
                  (br $known)))))
              (local.set $v (call $round (local.get $w) (local.get $q)))
              (br_if $known (f64.eq (local.get $v) (local.get $v)))))
            (global.set $at (local.get $from))
            (global.set $out (local.get $out))
            (global.set $depth (local.get $depth))
            (return (i32.const 1)))
          (f64.store (local.get $out) (if (result f64) (local.get $minus) (then (f64.neg (local.get $v))) (else (local.get $v))))
          (local.set $out (i32.add (local.get $out) (i32.const 8)))))

        ;; What follows a number or a list.
        (local.set $start (i32.const 0))
        (local.set $from (i32.add (i32.const 256) (i32.shl (local.get $depth) (i32.const 2))))
        (i32.store (local.get $from) (i32.add (i32.load (local.get $from)) (i32.const 1)))
        (loop $after
          (local.set $c (i32.load8_u (local.get $at)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br_if $value (i32.eq (local.get $c) (i32.const 0x2c)))
          (if (i32.eq (local.get $c) (i32.const 0x5d)) (then
            (local.set $from (i32.shl (local.get $depth) (i32.const 2)))
            (local.set $e (i32.load offset=256 (local.get $from)))
            (if (i32.eq (i32.load offset=64 (local.get $from)) (i32.const -1)) (then (i32.store offset=64 (local.get $from) (local.get $e)))
            (else (br_if $else (i32.ne (i32.load offset=64 (local.get $from)) (local.get $e)))))
            (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
            (if (i32.eqz (local.get $depth)) (then
              (global.set $at (local.get $at))
              (global.set $out (local.get $out))
              (return (i32.const 0))))
            (local.set $from (i32.add (i32.const 256) (i32.shl (local.get $depth) (i32.const 2))))
            (i32.store (local.get $from) (i32.add (i32.load (local.get $from)) (i32.const 1)))
            (br $after)))
          (br_if $after (i32.or (i32.or (i32.eq (local.get $c) (i32.const 32)) (i32.eq (local.get $c) (i32.const 10))) (i32.or (i32.eq (local.get $c) (i32.const 13)) (i32.eq (local.get $c) (i32.const 9))))))))
    (global.set $at (local.get $at))
    (i32.const 2)))
