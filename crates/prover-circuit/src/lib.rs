//! Layered circuits: model, builder, file formats, gallery.
