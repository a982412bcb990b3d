//! Loops over parameters, pixels and random blocks, compiled for the vector units that a processor
//! may have and chosen at run time.
//!
//! Results do not depend on the choice: element-wise loops have no order, Rust fuses no product with
//! a sum by itself, and reductions run in eight lanes on every processor (element j in lane j mod 8,
//! lanes added in one fixed tree).

/// Compiles a loop for AVX-512, for AVX2 and for any processor, and calls the best that runs here.
macro_rules! for_this_processor {
    ($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),*) $(-> $out:ty)? $body:block) => {
        $(#[$doc])*
        $vis fn $name($($arg: $type),*) $(-> $out)? {
            #[inline(always)]
            fn any($($arg: $type),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f")]
                fn avx512($($arg: $type),*) $(-> $out)? { any($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $type),*) $(-> $out)? { any($($arg),*) }

                if is_x86_feature_detected!("avx512f") {
                    // SAFETY: the processor has it, as was just asked.
                    return unsafe { avx512($($arg),*) };
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: the processor has both, as was just asked.
                    return unsafe { avx2($($arg),*) };
                }
            }
            any($($arg),*)
        }
    };
}

pub(crate) use for_this_processor;

/// Sum of the eight lanes, in the one order that all reductions use.
#[inline(always)]
pub(crate) fn add_lanes(lanes: [f64; 8]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

for_this_processor! {
    /// sum += weight · model, element by element.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn add_weighted(sum: &mut [f64], weight: f64, model: &[f32]) {
        assert_eq!(sum.len(), model.len());
        for (sum, &x) in sum.iter_mut().zip(model) {
            *sum += weight * f64::from(x);
        }
    }
}

for_this_processor! {
    /// aᵀb of `f64`.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn dot_wide(a: &[f64], b: &[f64]) -> f64 {
        assert_eq!(a.len(), b.len());
        let mut lanes = [0.0; 8];
        let (a8, a_rest) = a.as_chunks::<8>();
        let (b8, b_rest) = b.as_chunks::<8>();
        for (a, b) in a8.iter().zip(b8) {
            for j in 0..8 {
                lanes[j] += a[j] * b[j];
            }
        }
        for (j, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
            lanes[j] += a * b;
        }
        add_lanes(lanes)
    }
}

for_this_processor! {
    /// aᵀb.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn dot(a: &[f32], b: &[f32]) -> f64 {
        assert_eq!(a.len(), b.len());
        let mut lanes = [0.0; 8];
        let (a8, a_rest) = a.as_chunks::<8>();
        let (b8, b_rest) = b.as_chunks::<8>();
        for (a, b) in a8.iter().zip(b8) {
            for j in 0..8 {
                lanes[j] += f64::from(a[j]) * f64::from(b[j]);
            }
        }
        for (j, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
            lanes[j] += f64::from(a) * f64::from(b);
        }
        add_lanes(lanes)
    }
}

for_this_processor! {
    /// ‖a − b‖².
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
        assert_eq!(a.len(), b.len());
        let mut lanes = [0.0; 8];
        let (a8, a_rest) = a.as_chunks::<8>();
        let (b8, b_rest) = b.as_chunks::<8>();
        for (a, b) in a8.iter().zip(b8) {
            for j in 0..8 {
                let difference = f64::from(a[j]) - f64::from(b[j]);
                lanes[j] += difference * difference;
            }
        }
        for (j, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
            let difference = f64::from(a) - f64::from(b);
            lanes[j] += difference * difference;
        }
        add_lanes(lanes)
    }
}

for_this_processor! {
    /// ‖a − b‖² for an `a` that is known more precisely.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn squared_distance_to(a: &[f64], b: &[f32]) -> f64 {
        assert_eq!(a.len(), b.len());
        let mut lanes = [0.0; 8];
        let (a8, a_rest) = a.as_chunks::<8>();
        let (b8, b_rest) = b.as_chunks::<8>();
        for (a, b) in a8.iter().zip(b8) {
            for j in 0..8 {
                let difference = a[j] - f64::from(b[j]);
                lanes[j] += difference * difference;
            }
        }
        for (j, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
            let difference = a - f64::from(b);
            lanes[j] += difference * difference;
        }
        add_lanes(lanes)
    }
}
