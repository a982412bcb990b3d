//! What evaluating a neighbor's model takes from the allocator: nothing but the buffers into which
//! ndarray's matrix product packs its operands, one for each product.

use byzsim::data::{Examples, Inputs, Shape, Targets};
use byzsim::model::{Architecture, Cnn};
use byzsim::rng::{Key, Purpose};
use rand::RngExt;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: all work is the system allocator's; counting takes no memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_loss_of_a_model_allocates_nothing_beside_the_matrix_products() {
    const BATCH: usize = 64;
    let mut stream = Key::new(1, Purpose::Batch).stream();
    let shape = Shape::Image {
        channels: 1,
        height: 28,
        width: 28,
    };
    let targets = Targets::Classes {
        labels: (0..BATCH as u32).map(|row| row % 10).collect(),
        classes: 10,
    };
    let pixels = (0..BATCH * 784).map(|_| stream.random()).collect();
    let examples = Examples::new(shape, Inputs::Numbers(pixels), targets);
    let model = Cnn::paper().build(shape, examples.targets());
    let mut model = model.expect("images");
    let rows: Vec<u32> = (0..BATCH as u32).collect();
    model.gather(&examples, &rows);
    let neighbors: Vec<Vec<f32>> = (0..3).map(|_| model.initial(&mut stream)).collect();
    // Buffers grow on the first use.
    model.loss(&neighbors[0]);
    let before = ALLOCATIONS.get();
    for parameters in &neighbors {
        assert!(model.loss(parameters).is_finite());
    }
    let allocations = ALLOCATIONS.get() - before;
    // Two groups of 32 rows, each with a product for every pair of rows of pixels, 14, 7 and 3 of
    // them, and for each of two dense layers.
    let products = neighbors.len() * 2 * (14 + 7 + 3 + 2);
    assert_eq!(allocations, products);
}
