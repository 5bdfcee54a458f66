// Arithmetic modulo the prime of the SM2 curve for x86-64, in Montgomery's form: what sm2_field_internal.h says in C++,
// register by register, since compilers make it two to three times slower. No branch, no table; any x86-64. For
// sm2_field_internal.h only.
//
// Each of the four reduction steps takes the lowest word u away: p is -1 modulo 2^64, so that u·p is added, and
// u·p = u·2^256 - u·2^224 - u·2^96 + u·2^64 - u takes two shifts, four subtractions and five additions.
#pragma once
#include <cstdint>

namespace zhida::crypto::sm2 {

// clang-format off
inline void multiply_prime_x86_64(std::uint64_t* out, const std::uint64_t* a, const std::uint64_t* b) {
  std::uint64_t w0, w1, w2, w3;
  __asm__(
      "movq 0(%%rbx), %%rdi; movq 0(%%rsi), %%rax; mulq %%rdi; movq %%rax, %%r8; movq %%rdx, %%r9;\n\t"
      "movq 8(%%rsi), %%rax; mulq %%rdi; xorl %%r13d, %%r13d; addq %%rax, %%r9; adcq $0, %%rdx;\n\t"
      "movq %%rdx, %%r10; movq 16(%%rsi), %%rax; mulq %%rdi; addq %%rax, %%r10; adcq $0, %%rdx;\n\t"
      "movq %%rdx, %%r11; movq 24(%%rsi), %%rax; mulq %%rdi; addq %%rax, %%r11; adcq $0, %%rdx;\n\t"
      "movq %%rdx, %%r12; movq %%r8, %%rax; movq %%r8, %%rdx; shlq $32, %%rax; shrq $32, %%rdx;\n\t"
      "movq %%r8, %%rcx; xorl %%r14d, %%r14d; xorl %%r15d, %%r15d; subq %%rax, %%rcx; sbbq %%rdx, %%r14;\n\t"
      "sbbq %%rax, %%r15; sbbq %%rdx, %%r8; addq %%rcx, %%r9; adcq %%r14, %%r10; adcq %%r15, %%r11;\n\t"
      "adcq %%r8, %%r12; adcq $0, %%r13; movq 8(%%rbx), %%rdi; movq 0(%%rsi), %%rax; mulq %%rdi;\n\t"
      "xorl %%r8d, %%r8d; addq %%rax, %%r9; adcq $0, %%rdx; movq %%rdx, %%rcx; movq 8(%%rsi), %%rax;\n\t"
      "mulq %%rdi; addq %%rcx, %%r10; adcq $0, %%rdx; addq %%rax, %%r10; adcq $0, %%rdx;\n\t"
      "movq %%rdx, %%rcx; movq 16(%%rsi), %%rax; mulq %%rdi; addq %%rcx, %%r11; adcq $0, %%rdx;\n\t"
      "addq %%rax, %%r11; adcq $0, %%rdx; movq %%rdx, %%rcx; movq 24(%%rsi), %%rax; mulq %%rdi;\n\t"
      "addq %%rcx, %%r12; adcq $0, %%rdx; addq %%rax, %%r12; adcq $0, %%rdx; addq %%rdx, %%r13;\n\t"
      "adcq $0, %%r8; movq %%r9, %%rax; movq %%r9, %%rdx; shlq $32, %%rax; shrq $32, %%rdx;\n\t"
      "movq %%r9, %%rcx; xorl %%r14d, %%r14d; xorl %%r15d, %%r15d; subq %%rax, %%rcx; sbbq %%rdx, %%r14;\n\t"
      "sbbq %%rax, %%r15; sbbq %%rdx, %%r9; addq %%rcx, %%r10; adcq %%r14, %%r11; adcq %%r15, %%r12;\n\t"
      "adcq %%r9, %%r13; adcq $0, %%r8; movq 16(%%rbx), %%rdi; movq 0(%%rsi), %%rax; mulq %%rdi;\n\t"
      "xorl %%r9d, %%r9d; addq %%rax, %%r10; adcq $0, %%rdx; movq %%rdx, %%rcx; movq 8(%%rsi), %%rax;\n\t"
      "mulq %%rdi; addq %%rcx, %%r11; adcq $0, %%rdx; addq %%rax, %%r11; adcq $0, %%rdx;\n\t"
      "movq %%rdx, %%rcx; movq 16(%%rsi), %%rax; mulq %%rdi; addq %%rcx, %%r12; adcq $0, %%rdx;\n\t"
      "addq %%rax, %%r12; adcq $0, %%rdx; movq %%rdx, %%rcx; movq 24(%%rsi), %%rax; mulq %%rdi;\n\t"
      "addq %%rcx, %%r13; adcq $0, %%rdx; addq %%rax, %%r13; adcq $0, %%rdx; addq %%rdx, %%r8;\n\t"
      "adcq $0, %%r9; movq %%r10, %%rax; movq %%r10, %%rdx; shlq $32, %%rax; shrq $32, %%rdx;\n\t"
      "movq %%r10, %%rcx; xorl %%r14d, %%r14d; xorl %%r15d, %%r15d; subq %%rax, %%rcx;\n\t"
      "sbbq %%rdx, %%r14; sbbq %%rax, %%r15; sbbq %%rdx, %%r10; addq %%rcx, %%r11; adcq %%r14, %%r12;\n\t"
      "adcq %%r15, %%r13; adcq %%r10, %%r8; adcq $0, %%r9; movq 24(%%rbx), %%rdi; movq 0(%%rsi), %%rax;\n\t"
      "mulq %%rdi; xorl %%r10d, %%r10d; addq %%rax, %%r11; adcq $0, %%rdx; movq %%rdx, %%rcx;\n\t"
      "movq 8(%%rsi), %%rax; mulq %%rdi; addq %%rcx, %%r12; adcq $0, %%rdx; addq %%rax, %%r12;\n\t"
      "adcq $0, %%rdx; movq %%rdx, %%rcx; movq 16(%%rsi), %%rax; mulq %%rdi; addq %%rcx, %%r13;\n\t"
      "adcq $0, %%rdx; addq %%rax, %%r13; adcq $0, %%rdx; movq %%rdx, %%rcx; movq 24(%%rsi), %%rax;\n\t"
      "mulq %%rdi; addq %%rcx, %%r8; adcq $0, %%rdx; addq %%rax, %%r8; adcq $0, %%rdx; addq %%rdx, %%r9;\n\t"
      "adcq $0, %%r10; movq %%r11, %%rax; movq %%r11, %%rdx; shlq $32, %%rax; shrq $32, %%rdx;\n\t"
      "movq %%r11, %%rcx; xorl %%r14d, %%r14d; xorl %%r15d, %%r15d; subq %%rax, %%rcx;\n\t"
      "sbbq %%rdx, %%r14; sbbq %%rax, %%r15; sbbq %%rdx, %%r11; addq %%rcx, %%r12; adcq %%r14, %%r13;\n\t"
      "adcq %%r15, %%r8; adcq %%r11, %%r9; adcq $0, %%r10; movq %%r12, %%rax; movq %%r13, %%rdx;\n\t"
      "movq %%r8, %%rcx; movq %%r9, %%rdi; movabsq $0xffffffff00000000, %%r14;\n\t"
      "movabsq $0xfffffffeffffffff, %%r15; subq $-1, %%rax; sbbq %%r14, %%rdx; sbbq $-1, %%rcx;\n\t"
      "sbbq %%r15, %%rdi; sbbq $0, %%r10; cmovcq %%r12, %%rax; cmovcq %%r13, %%rdx; cmovcq %%r8, %%rcx;\n\t"
      "cmovcq %%r9, %%rdi;\n\t"
      : "=&a"(w0), "=&d"(w1), "=&c"(w2), "=&D"(w3)
      : "S"(a), "b"(b)
      : "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", "memory");
  out[0] = w0; out[1] = w1; out[2] = w2; out[3] = w3;
}

inline void square_prime_x86_64(std::uint64_t* out, const std::uint64_t* a) {
  std::uint64_t w0, w1, w2, w3;
  const std::uint64_t* at = a;
  __asm__(
      "movq 0(%%rsi), %%rdi; movq 8(%%rsi), %%rax; mulq %%rdi; movq %%rax, %%r9; movq %%rdx, %%r10;\n\t"
      "movq 16(%%rsi), %%rax; mulq %%rdi; addq %%rax, %%r10; adcq $0, %%rdx; movq %%rdx, %%r11;\n\t"
      "movq 24(%%rsi), %%rax; mulq %%rdi; addq %%rax, %%r11; adcq $0, %%rdx; movq %%rdx, %%r12;\n\t"
      "movq 8(%%rsi), %%rdi; movq 16(%%rsi), %%rax; mulq %%rdi; addq %%rax, %%r11; adcq $0, %%rdx;\n\t"
      "movq %%rdx, %%rcx; movq 24(%%rsi), %%rax; mulq %%rdi; addq %%rcx, %%r12; adcq $0, %%rdx;\n\t"
      "addq %%rax, %%r12; adcq $0, %%rdx; movq %%rdx, %%r13; movq 16(%%rsi), %%rdi;\n\t"
      "movq 24(%%rsi), %%rax; mulq %%rdi; xorl %%r15d, %%r15d; addq %%rax, %%r13; adcq $0, %%rdx;\n\t"
      "movq %%rdx, %%r14; addq %%r9, %%r9; adcq %%r10, %%r10; adcq %%r11, %%r11; adcq %%r12, %%r12;\n\t"
      "adcq %%r13, %%r13; adcq %%r14, %%r14; adcq %%r15, %%r15; movq 0(%%rsi), %%rax; mulq %%rax;\n\t"
      "movq %%rax, %%r8; movq %%rdx, %%rcx; movq 8(%%rsi), %%rax; mulq %%rax; addq %%rcx, %%r9;\n\t"
      "adcq %%rax, %%r10; adcq $0, %%rdx; movq %%rdx, %%rcx; movq 16(%%rsi), %%rax; mulq %%rax;\n\t"
      "addq %%rcx, %%r11; adcq %%rax, %%r12; adcq $0, %%rdx; movq %%rdx, %%rcx; movq 24(%%rsi), %%rax;\n\t"
      "mulq %%rax; addq %%rcx, %%r13; adcq %%rax, %%r14; adcq %%rdx, %%r15; movq %%r8, %%rax;\n\t"
      "movq %%r8, %%rdx; shlq $32, %%rax; shrq $32, %%rdx; movq %%r8, %%rcx; xorl %%edi, %%edi;\n\t"
      "xorl %%ebx, %%ebx; subq %%rax, %%rcx; sbbq %%rdx, %%rdi; sbbq %%rax, %%rbx; sbbq %%rdx, %%r8;\n\t"
      "addq %%rcx, %%r9; adcq %%rdi, %%r10; adcq %%rbx, %%r11; adcq $0, %%r8; movq %%r9, %%rax;\n\t"
      "movq %%r9, %%rdx; shlq $32, %%rax; shrq $32, %%rdx; movq %%r9, %%rcx; xorl %%edi, %%edi;\n\t"
      "xorl %%ebx, %%ebx; subq %%rax, %%rcx; sbbq %%rdx, %%rdi; sbbq %%rax, %%rbx; sbbq %%rdx, %%r9;\n\t"
      "addq %%rcx, %%r10; adcq %%rdi, %%r11; adcq %%rbx, %%r8; adcq $0, %%r9; movq %%r10, %%rax;\n\t"
      "movq %%r10, %%rdx; shlq $32, %%rax; shrq $32, %%rdx; movq %%r10, %%rcx; xorl %%edi, %%edi;\n\t"
      "xorl %%ebx, %%ebx; subq %%rax, %%rcx; sbbq %%rdx, %%rdi; sbbq %%rax, %%rbx; sbbq %%rdx, %%r10;\n\t"
      "addq %%rcx, %%r11; adcq %%rdi, %%r8; adcq %%rbx, %%r9; adcq $0, %%r10; movq %%r11, %%rax;\n\t"
      "movq %%r11, %%rdx; shlq $32, %%rax; shrq $32, %%rdx; movq %%r11, %%rcx; xorl %%edi, %%edi;\n\t"
      "xorl %%ebx, %%ebx; subq %%rax, %%rcx; sbbq %%rdx, %%rdi; sbbq %%rax, %%rbx; sbbq %%rdx, %%r11;\n\t"
      "addq %%rcx, %%r8; adcq %%rdi, %%r9; adcq %%rbx, %%r10; adcq $0, %%r11; xorl %%esi, %%esi;\n\t"
      "addq %%r12, %%r8; adcq %%r13, %%r9; adcq %%r14, %%r10; adcq %%r15, %%r11; adcq $0, %%rsi;\n\t"
      "movq %%r8, %%rax; movq %%r9, %%rdx; movq %%r10, %%rcx; movq %%r11, %%rdi;\n\t"
      "movabsq $0xffffffff00000000, %%r12; movabsq $0xfffffffeffffffff, %%r13; subq $-1, %%rax;\n\t"
      "sbbq %%r12, %%rdx; sbbq $-1, %%rcx; sbbq %%r13, %%rdi; sbbq $0, %%rsi; cmovcq %%r8, %%rax;\n\t"
      "cmovcq %%r9, %%rdx; cmovcq %%r10, %%rcx; cmovcq %%r11, %%rdi;\n\t"
      : "=&a"(w0), "=&d"(w1), "=&c"(w2), "=&D"(w3), "+&S"(at)
      :
      : "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", "memory");
  out[0] = w0; out[1] = w1; out[2] = w2; out[3] = w3;
}

inline void add_prime_x86_64(std::uint64_t* out, const std::uint64_t* a, const std::uint64_t* b) {
  std::uint64_t w0 = a[0], w1 = a[1], w2 = a[2], w3 = a[3], s0, s1, s2, s3, top = 0;
  const std::uint64_t p1 = 0xffffffff00000000, p3 = 0xfffffffeffffffff;
  __asm__(
      "addq 0(%[b]), %[w0]; adcq 8(%[b]), %[w1]; adcq 16(%[b]), %[w2]; adcq 24(%[b]), %[w3]; adcq $0, %[top]\n\t"
      "movq %[w0], %[s0]; movq %[w1], %[s1]; movq %[w2], %[s2]; movq %[w3], %[s3]\n\t"
      "subq $-1, %[s0]; sbbq %[p1], %[s1]; sbbq $-1, %[s2]; sbbq %[p3], %[s3]; sbbq $0, %[top]\n\t"
      "cmovcq %[w0], %[s0]; cmovcq %[w1], %[s1]; cmovcq %[w2], %[s2]; cmovcq %[w3], %[s3]\n\t"
      : [w0] "+&r"(w0), [w1] "+&r"(w1), [w2] "+&r"(w2), [w3] "+&r"(w3), [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2),
        [s3] "=&r"(s3), [top] "+&r"(top)
      : [b] "r"(b), [p1] "r"(p1), [p3] "r"(p3)
      : "cc", "memory");
  out[0] = s0; out[1] = s1; out[2] = s2; out[3] = s3;
}

inline void subtract_prime_x86_64(std::uint64_t* out, const std::uint64_t* a, const std::uint64_t* b) {
  std::uint64_t w0 = a[0], w1 = a[1], w2 = a[2], w3 = a[3], mask = 0, p1 = 0xffffffff00000000, p3 = 0xfffffffeffffffff;
  __asm__(
      "subq 0(%[b]), %[w0]; sbbq 8(%[b]), %[w1]; sbbq 16(%[b]), %[w2]; sbbq 24(%[b]), %[w3]; sbbq $0, %[mask]\n\t"
      "andq %[mask], %[p1]; andq %[mask], %[p3]\n\t"
      "addq %[mask], %[w0]; adcq %[p1], %[w1]; adcq %[mask], %[w2]; adcq %[p3], %[w3]\n\t"
      : [w0] "+&r"(w0), [w1] "+&r"(w1), [w2] "+&r"(w2), [w3] "+&r"(w3), [mask] "+&r"(mask),
        [p1] "+&r"(p1), [p3] "+&r"(p3)
      : [b] "r"(b)
      : "cc", "memory");
  out[0] = w0; out[1] = w1; out[2] = w2; out[3] = w3;
}
// clang-format on

}  // namespace zhida::crypto::sm2
